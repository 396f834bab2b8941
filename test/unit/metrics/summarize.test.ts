import { describe, expect, test } from 'vitest';
import type { TrafficReport, TrafficSeries } from '../../../src/metrics/contract.ts';
import { summarize } from '../../../src/metrics/summarize.ts';
import { LatencySketch } from '../../../src/telemetry/latency-sketch.ts';

const buyer = {
  namespace: 'default',
  pod: 'buyer-0',
  node: 'n1',
  owners: [{ kind: 'Deployment', name: 'buyer' }],
  services: [],
};

function store(pod: string, services: readonly string[]) {
  return { namespace: 'default', pod, node: 'n2', owners: [{ kind: 'Deployment', name: 'store' }], services };
}

function requests(part: Partial<TrafficSeries>, seconds: readonly number[] = []): TrafficSeries {
  const sketch = new LatencySketch();
  for (const each of seconds) sketch.observe(each);
  return {
    side: 'client',
    kind: 'http',
    source: buyer,
    destination: store('store-0', ['store']),
    success: 0,
    failure: 0,
    denied: 0,
    codes: {},
    retries: 0,
    ...(seconds.length > 0 ? { latency: sketch.toJSON() } : {}),
    ...part,
  };
}

function report(series: readonly TrafficSeries[]): TrafficReport {
  return { windowSeconds: 30, observedSeconds: 30, at: 0, measuredBy: 'collector', series };
}

const noWeights = () => undefined;

describe('a summary', () => {
  test('adds up counts, codes and latencies of the pods of one owner', () => {
    const { edges } = summarize(
      report([
        requests({ success: 3, codes: { 200: 3 } }, [0.01, 0.01, 0.01]),
        requests(
          {
            success: 1,
            failure: 2,
            denied: 1,
            codes: { 200: 1, 403: 1, 503: 1 },
            retries: 4,
            destination: store('store-1', []),
          },
          [0.1, 0.1, 0.1],
        ),
      ]),
      { by: 'deployments', weights: noWeights },
    );
    expect(edges).toHaveLength(1);
    expect(edges[0]).toMatchObject({
      side: 'client',
      source: { kind: 'Deployment', namespace: 'default', name: 'buyer' },
      destination: { kind: 'Deployment', namespace: 'default', name: 'store' },
      success: 4,
      failure: 2,
      denied: 1,
      retries: 4,
      codes: { 200: 4, 403: 1, 503: 1 },
    });
    expect(edges[0]!.latency.p50Millis / 10).toBeCloseTo(1, 2);
    expect(edges[0]!.latency.p99Millis / 100).toBeCloseTo(1, 2);
  });

  test('keeps the sides apart, and connections from requests', () => {
    const { edges } = summarize(
      report([
        requests({ success: 5 }),
        requests({ side: 'server', success: 6 }),
        requests({ kind: 'tcp', success: 7, failure: 1 }),
      ]),
      { by: 'namespaces', weights: noWeights },
    );
    expect(edges.map(({ side, success, connections }) => [side, success, connections])).toEqual([
      ['client', 5, { carried: 7, refused: 1 }],
      ['server', 6, { carried: 0, refused: 0 }],
    ]);
  });

  test('has an edge to nothing where an end has no resource of the kind', () => {
    const [edge] = summarize(report([requests({ success: 1, source: {} })]), { by: 'pods', weights: noWeights }).edges;
    expect(edge).toMatchObject({ source: null, destination: { kind: 'Pod', name: 'store-0' } });
  });

  test('counts for each Service that was addressed or chosen', () => {
    const series = requests({ success: 2, destination: store('store-0', ['store', 'store-v1']) });
    const { edges } = summarize(report([series]), { by: 'services', weights: noWeights });
    expect(edges.map(({ destination, success }) => [destination?.name, success])).toEqual([
      ['store', 2],
      ['store-v1', 2],
    ]);
  });

  test('has one edge for each backend of a split, with its weight', () => {
    const part = { service: 'default/store', split: 'default/canary' };
    const { edges } = summarize(
      report([
        requests({ ...part, success: 9, backend: 'default/store-v1' }),
        requests({ ...part, success: 1, backend: 'default/store-v2' }),
        requests({ success: 5, service: 'default/other' }),
      ]),
      {
        by: 'trafficsplits',
        weights: (split, backend) => (split === 'default/canary' && backend === 'default/store-v1' ? 90 : 10),
      },
    );
    expect(edges.map(({ destination, backend, success }) => [destination?.name, backend, success])).toEqual([
      ['canary', { apex: 'store', name: 'store-v1', weight: 90 }, 9],
      ['canary', { apex: 'store', name: 'store-v2', weight: 10 }, 1],
    ]);
  });
});

describe('totals of a summary', () => {
  test('say what each resource sent and received, once, however many Services its pods have', () => {
    const source = { ...buyer, services: ['buyer', 'all'] };
    const { totals } = summarize(
      report([
        requests({ success: 3, source, destination: store('store-0', ['store']) }),
        requests({ success: 1, source: {} }),
      ]),
      { by: 'services', weights: noWeights },
    );
    expect(totals.map(({ resource, direction, success }) => [resource.name, direction, success])).toEqual([
      ['all', 'to', 3],
      ['buyer', 'to', 3],
      ['store', 'from', 4],
    ]);
  });
});
