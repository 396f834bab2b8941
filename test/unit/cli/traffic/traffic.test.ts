import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { runEdges } from '../../../../src/cli/traffic/edges.ts';
import { readPlural, type TopOptions } from '../../../../src/cli/traffic/options.ts';
import { runTop } from '../../../../src/cli/traffic/top.ts';
import { runTopology } from '../../../../src/cli/traffic/topology.ts';
import { createAdminHandler } from '../../../../src/control/admin/handler.ts';
import { type AdminSocket, serveSocket } from '../../../../src/control/admin/socket.ts';
import type { AdminSource } from '../../../../src/control/admin/source.ts';
import { ok } from '../../../../src/lib/result.ts';
import { type ApiOptions, answerApi } from '../../../../src/metrics/api/answer.ts';
import type { TrafficSeries } from '../../../../src/metrics/contract.ts';
import { trafficPage } from '../../../../src/metrics/traffic-page.ts';
import { LatencySketch } from '../../../../src/telemetry/latency-sketch.ts';
import { fixedSource } from '../../../support/telemetry/fixed-source.ts';

const latency = new LatencySketch();
for (let i = 0; i < 100; i++) latency.observe(0.01);

const base = {
  kind: 'http',
  source: { namespace: 'default', pod: 'buyer-0', owners: [{ kind: 'Deployment', name: 'buyer' }] },
  destination: {
    namespace: 'shop',
    pod: 'store-0',
    owners: [{ kind: 'Deployment', name: 'store' }],
    services: ['store'],
  },
  codes: {},
  retries: 1,
  latency: latency.toJSON(),
} as const;

const series: readonly TrafficSeries[] = [
  { ...base, side: 'server', success: 297, failure: 3, denied: 1 },
  {
    ...base,
    side: 'client',
    success: 296,
    failure: 4,
    denied: 1,
    service: 'shop/store',
    backend: 'shop/store-v1',
    split: 'shop/canary',
  },
  { ...base, side: 'server', source: {}, success: 1, failure: 0, denied: 0 },
];

const source = fixedSource(series, { proxies: { known: 2, read: 2 } });
const weights = () => 90;
const api: ApiOptions = {
  ...{ source, weights, latencyUnit: 'seconds', now: Date.now },
  objects: { list: async () => ok([{ namespace: 'shop', name: 'store', labels: {} }]) },
};

let state: string;
let socket: AdminSocket;

beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'smi-traffic-'));
  chmodSync(state, 0o700);
  const page = trafficPage(source, weights);
  const handler = createAdminHandler({} as AdminSource, {
    traffic: ({ query }) => page(query, Date.now()),
    apis: async ({ method, path, query }) => {
      const { status, body } = await answerApi({ method, path, query, accept: '' }, api);
      return { status, type: 'application/json', body: JSON.stringify(body) };
    },
  });
  const served = await serveSocket(state, handler);
  if (!served.ok) throw new Error(served.error);
  socket = served.value;
});

afterAll(async () => {
  await socket.close();
  rmSync(state, { recursive: true });
});

async function printed(run: () => Promise<number>): Promise<{ code: number; lines: string[] }> {
  const pieces: string[] = [];
  const spies = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((piece) => {
      pieces.push(String(piece));
      return true;
    }),
  );
  try {
    const code = await run();
    return { code, lines: pieces.join('').trimEnd().split('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

function options(more: Partial<TopOptions> = {}): TopOptions {
  return {
    ...{ state, folder: '.', namespace: '', window: 30_000, direction: 'from', output: 'table', once: true },
    ...more,
  };
}

describe('top', () => {
  test('shows what objects receive, and says window and side', async () => {
    const { code, lines } = await printed(() => runTop('deploy', undefined, options()));
    expect(code).toBe(0);
    expect(lines).toEqual([
      'deployments: what they received, measured at the server side; last 30 s, by collector, 2 of 2 proxies read',
      'NAME        SUCCESS  RPS   P50   P90   P99',
      expect.stringMatching(/^shop\/store {2}99\.0% {4}10\.0 {2}(10|9\.9|10\.0)ms/),
    ]);
  });

  test('shows what they send, each backend of a split, and more when it is asked for', async () => {
    const sent = await printed(() => runTop('pods', 'buyer-0', options({ direction: 'to', output: 'wide' })));
    expect(sent.lines[0]).toContain('sent, measured at the client side');
    expect(sent.lines[2]?.split(/ +/).slice(-5)).toEqual(['300', '4', '1', '1', '0']);
    const split = await printed(() => runTop('split', undefined, options()));
    expect(split.lines[2]?.split(/ +/).slice(0, 4)).toEqual(['shop/canary', 'store-v1', '90', '98.7%']);
  });

  test('answers programs, and says that there is nothing', async () => {
    const json = await printed(() => runTop('services', undefined, options({ output: 'json' })));
    expect(JSON.parse(json.lines.join('\n'))).toMatchObject({
      by: 'services',
      side: 'server',
      totals: [{ success: 298 }],
    });
    expect((await printed(() => runTop('jobs', undefined, options()))).lines[1]).toBe('no traffic');
    expect(await printed(() => runTop('gizmos', undefined, options()))).toMatchObject({ code: 2 });
  });

  test('answers a TrafficMetrics document', async () => {
    const file = join(state, 'question.yaml');
    writeFileSync(
      file,
      `apiVersion: metrics.smi-spec.io/v1alpha2
kind: TrafficMetrics
metadata: { name: store, namespace: shop }
resource: { kind: Deployment, namespace: shop, name: store }
edge: { direction: from, side: client, resource: { kind: Deployment, namespace: default, name: buyer } }
`,
    );
    const { code, lines } = await printed(() => runTop('deployments', undefined, options({ file })));
    expect(code).toBe(0);
    expect(lines).toContain('kind: TrafficMetrics');
    expect(lines.join('\n')).toMatch(/name: success_count\n +value: '296'/);
    expect(lines.join('\n')).toContain(
      'direction: from\n  side: client\n  resource:\n    kind: Deployment\n    namespace: default\n    name: buyer',
    );
  });
});

describe('edges and topology', () => {
  test('edges have both sides, and what is outside', async () => {
    const { lines } = await printed(() => runEdges('deployments', undefined, options()));
    expect(lines.slice(2).map((line) => line.split(/ +/).slice(0, 4))).toEqual([
      ['-', 'shop/store', 'server', '100.0%'],
      ['buyer', 'shop/store', 'client', '98.7%'],
      ['buyer', 'shop/store', 'server', '99.0%'],
    ]);
    const one = await printed(() => runEdges('deployments', 'buyer', options({ side: 'client' })));
    expect(one.lines).toHaveLength(3);
  });

  test('a topology has each pair once, as the server measured', async () => {
    const text = await printed(() => runTopology('deployments', { ...options(), output: 'text' }));
    expect(text.lines.slice(1)).toEqual([
      '(outside)',
      expect.stringMatching(/^└─ shop\/store {2}100\.0% 0\.0\/s p99 .*\(server\)$/),
      'buyer',
      expect.stringMatching(/^└─ shop\/store {2}99\.0% 10\.0\/s p99 .*\(server\)$/),
    ]);
    const dot = await printed(() => runTopology('deployments', { ...options(), output: 'dot' }));
    expect(dot.lines).toContain('    label="shop";');
    expect(dot.lines.some((line) => line.startsWith('  "buyer" -> "shop/store" [label="99.0%'))).toBe(true);
    const svg = await printed(() => runTopology('deployments', { ...options(), output: 'svg' }));
    expect([svg.code, svg.lines[0], svg.lines.at(-1)]).toEqual([0, expect.stringMatching(/^<svg /), '</svg>']);
  });
});

test('kinds are named as to kubectl', () => {
  expect(['po', 'Pod', 'pods', 'SVC', 'ts', 'gizmo', 'toString'].map(readPlural)).toEqual([
    'pods',
    'pods',
    'pods',
    'services',
    'trafficsplits',
    undefined,
    undefined,
  ]);
});
