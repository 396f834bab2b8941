import { describe, expect, test } from 'vitest';
import { ok } from '../../../../src/lib/result.ts';
import { type ApiOptions, answerApi } from '../../../../src/metrics/api/answer.ts';
import type { MeasuredObject } from '../../../../src/metrics/api/contract.ts';
import { quantity } from '../../../../src/metrics/api/documents.ts';
import type { ResourcePlural, TrafficSeries } from '../../../../src/metrics/contract.ts';
import { LatencySketch } from '../../../../src/telemetry/latency-sketch.ts';
import { fixedSource } from '../../../support/telemetry/fixed-source.ts';

const base = '/apis/metrics.smi-spec.io/v1alpha1';

function sketch(seconds: number, times: number) {
  const made = new LatencySketch();
  for (let i = 0; i < times; i++) made.observe(seconds);
  return made.toJSON();
}

const common = {
  kind: 'http',
  source: {
    namespace: 'default',
    pod: 'buyer-0',
    node: 'n1',
    owners: [{ kind: 'Deployment', name: 'buyer' }],
    services: [],
  },
  destination: {
    namespace: 'default',
    pod: 'store-0',
    node: 'n2',
    owners: [{ kind: 'Deployment', name: 'store' }],
    services: ['store', 'store-v1'],
  },
  denied: 0,
  retries: 0,
} as const;

const series: readonly TrafficSeries[] = [
  { ...common, side: 'server', success: 98, failure: 2, codes: { 200: 98, 503: 2 }, latency: sketch(0.01, 100) },
  {
    ...common,
    ...{ side: 'client', success: 97, failure: 3, codes: { 200: 97, 503: 3 }, latency: sketch(0.02, 100) },
    ...{ service: 'default/store', port: 80, split: 'default/canary', backend: 'default/store-v1' },
  },
];

const object = (name: string, labels: Record<string, string> = {}, namespace = 'default'): MeasuredObject => ({
  namespace,
  name,
  labels,
});

const objects: Partial<Record<ResourcePlural, readonly MeasuredObject[]>> = {
  deployments: [
    object('buyer', { app: 'buyer' }),
    object('store', { app: 'store', tier: 'back' }),
    object('idle', {}, 'other'),
  ],
  namespaces: [object('default', {}, ''), object('other', {}, '')],
  nodes: [object('n1', {}, ''), object('n2', {}, '')],
  trafficsplits: [object('canary')],
};

function options(unit: ApiOptions['latencyUnit'] = 'seconds'): ApiOptions {
  return {
    latencyUnit: unit,
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5),
    weights: () => 90,
    objects: {
      list: async (plural, namespace) =>
        ok((objects[plural] ?? []).filter((each) => namespace === undefined || each.namespace === namespace)),
    },
    source: fixedSource(series),
  };
}

interface Item {
  readonly resource: { readonly name: string };
  readonly edge: { readonly direction: string; readonly side: string; readonly resource: { readonly name: string } };
}

interface Body {
  readonly kind: string;
  readonly message: string;
  readonly window: string;
  readonly items: readonly Item[];
  readonly metrics: readonly { readonly value: string }[];
  readonly selector: { readonly matchExpressions: readonly object[] };
  readonly resources: readonly object[];
  readonly rows: readonly { readonly cells: readonly string[] }[];
}

async function get(path: string, { accept = '', unit }: { accept?: string; unit?: ApiOptions['latencyUnit'] } = {}) {
  const { pathname, searchParams } = new URL(path, 'http://api');
  const answer = await answerApi({ method: 'GET', path: pathname, query: searchParams, accept }, options(unit));
  return { status: answer.status, body: answer.body as Body };
}

describe('an object', () => {
  test('is answered with what it received, in the form of the specification', async () => {
    const { status, body } = await get(`${base}/namespaces/default/deployments/store`);
    expect(status).toBe(200);
    expect(body).toEqual({
      kind: 'TrafficMetrics',
      apiVersion: 'metrics.smi-spec.io/v1alpha1',
      metadata: {
        name: 'store',
        namespace: 'default',
        selfLink: `${base}/namespaces/default/deployments/store`,
        creationTimestamp: '2026-01-02T03:04:05Z',
      },
      timestamp: '2026-01-02T03:04:05Z',
      window: '30s',
      resource: { kind: 'Deployment', namespace: 'default', name: 'store', apiVersion: 'apps/v1' },
      edge: { direction: 'from', side: 'server', resource: {} },
      metrics: [
        { name: 'p99_response_latency', unit: 'seconds', value: expect.stringMatching(/^(99|100)\d*u$|^10m$/) },
        { name: 'p90_response_latency', unit: 'seconds', value: expect.any(String) },
        { name: 'p50_response_latency', unit: 'seconds', value: expect.any(String) },
        { name: 'success_count', value: '98' },
        { name: 'failure_count', value: '2' },
      ],
    });
  });

  test('is answered in milliseconds where that is the setting', async () => {
    const { body } = await get(`${base}/namespaces/default/deployments/store`, { unit: 'ms' });
    expect(body.metrics[0]).toMatchObject({ name: 'p99_response_latency', unit: 'ms' });
    expect(Number(body.metrics[0]?.value.replace('m', '')) / 1000).toBeCloseTo(10, 0);
  });

  test('without traffic is answered with zeros, and one that is not there with 404', async () => {
    const idle = await get(`${base}/namespaces/other/deployments/idle`);
    expect(idle.body.metrics.map(({ value }) => value)).toEqual(['0', '0', '0', '0', '0']);
    const gone = await get(`${base}/namespaces/default/deployments/gone`);
    expect(gone).toMatchObject({
      status: 404,
      body: {
        kind: 'Status',
        apiVersion: 'v1',
        status: 'Failure',
        reason: 'NotFound',
        code: 404,
        details: { kind: 'deployments', name: 'gone' },
      },
    });
    expect(gone.body.message).toBe('deployments.apps "gone" not found');
  });

  test('has edges of both directions and sides', async () => {
    const { body } = await get(`${base}/namespaces/default/deployments/store/edges`);
    expect(body).toMatchObject({
      kind: 'TrafficMetricsList',
      resource: { kind: 'Deployment', namespace: 'default', name: 'store' },
    });
    expect(body.items.map(({ edge }) => [edge.direction, edge.side, edge.resource.name])).toEqual([
      ['from', 'client', 'buyer'],
      ['from', 'server', 'buyer'],
    ]);
    const sent = await get(`${base}/namespaces/default/deployments/buyer/edges?side=client`);
    expect(sent.body.items.map(({ edge }) => [edge.direction, edge.side, edge.resource.name])).toEqual([
      ['to', 'client', 'store'],
    ]);
  });

  test('without namespace has its paths of its own', async () => {
    expect((await get(`${base}/namespaces/default`)).body).toMatchObject({
      metadata: { selfLink: `${base}/namespaces/default` },
    });
    expect((await get(`${base}/namespaces/default/edges`)).body.kind).toBe('TrafficMetricsList');
    expect((await get(`${base}/nodes/n2`)).body).toMatchObject({
      resource: { kind: 'Node', name: 'n2' },
      metrics: [{}, {}, {}, { value: '98' }, {}],
    });
    expect((await get(`${base}/nodes/n1/edges`)).body.items).toHaveLength(2);
  });
});

test('lists hold what labels select, with traffic or without', async () => {
  const all = await get(`${base}/deployments`);
  expect(all.body.items.map(({ resource }) => resource.name)).toEqual(['buyer', 'store', 'idle']);
  const some = await get(
    `${base}/namespaces/default/deployments?labelSelector=${encodeURIComponent('app in (store, other),tier')}`,
  );
  expect(some.body.items.map(({ resource }) => resource.name)).toEqual(['store']);
  expect(some.body.selector.matchExpressions[0]).toEqual({ key: 'app', operator: 'In', values: ['store', 'other'] });
  expect(await get(`${base}/deployments?labelSelector=${encodeURIComponent('a in b')}`)).toMatchObject({
    status: 400,
    body: { reason: 'BadRequest' },
  });
});

test('a split is answered with each of its backends, as callers measured', async () => {
  const { body } = await get('/apis/metrics.smi-spec.io/v1alpha2/namespaces/default/trafficsplits/canary');
  expect(body.items).toHaveLength(1);
  expect(body.items[0]).toMatchObject({
    edge: { direction: 'from', side: 'client', resource: {} },
    backend: { apex: 'store', name: 'store-v1', weight: 90 },
    metrics: [{}, {}, {}, { name: 'success_count', value: '97' }, { name: 'failure_count', value: '3' }],
  });
});

test('windows are those that are asked for, and 30 s when they cannot be read', async () => {
  expect((await get(`${base}/namespaces/default?t=2m`)).body.window).toBe('2m0s');
  expect((await get(`${base}/namespaces/default?window=45s`)).body.window).toBe('45s');
  expect((await get(`${base}/namespaces/default?t=soon`)).body.window).toBe('30s');
});

test('kubectl is answered with a table', async () => {
  const { body } = await get(`${base}/namespaces/default/deployments`, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json',
  });
  expect(body).toMatchObject({ kind: 'Table', apiVersion: 'meta.k8s.io/v1' });
  expect(body.rows[1]?.cells.slice(0, 6)).toEqual(['store', 'from', '*', 'server', '98.00%', '3.3']);
  expect(body.rows[0]?.cells[4]).toBe('-');
});

test('discovery names every kind, and its edges', async () => {
  const { body } = await get(base);
  expect(body).toMatchObject({
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'metrics.smi-spec.io/v1alpha1',
  });
  expect(body.resources).toHaveLength(22);
  expect(body.resources).toContainEqual({
    name: 'nodes/edges',
    singularName: '',
    namespaced: false,
    kind: 'TrafficMetrics',
    verbs: ['get'],
  });
  for (const path of [
    '/apis',
    '/apis/metrics.smi-spec.io',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/apis/metrics.smi-spec.io/v1alpha2',
    '/healthz',
  ]) {
    expect((await get(path)).status, path).toBe(200);
  }
});

test('what is not served is told so as clients of Kubernetes expect it', async () => {
  for (const path of [
    '/',
    `${base}/gizmos`,
    `${base}/deployments/store`,
    `${base}/namespaces/default/nodes`,
    `${base}/nodes/n1/gizmos`,
    '/apis/metrics.smi-spec.io/v1',
    `${base}/namespaces/default/pods/p/edges/x`,
  ]) {
    expect(await get(path), path).toMatchObject({ status: 404, body: { kind: 'Status', code: 404 } });
  }
  expect(await get(`${base}/deployments?watch=true`)).toMatchObject({ status: 405 });
  expect(
    (
      await answerApi(
        { method: 'POST', path: `${base}/deployments`, query: new URLSearchParams(), accept: '' },
        options(),
      )
    ).status,
  ).toBe(405);
});

test('quantities are in canonical form', () => {
  expect([0, 1, 73.492, 0.01, 0.0123456].map((number) => quantity(number, 1e6))).toEqual([
    '0',
    '1',
    '73492m',
    '10m',
    '12346u',
  ]);
  expect(quantity(296.875, 1e3)).toBe('296875m');
});
