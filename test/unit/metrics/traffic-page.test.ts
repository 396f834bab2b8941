import { expect, test } from 'vitest';
import { err } from '../../../src/lib/result.ts';
import type { TrafficReport, TrafficSeries } from '../../../src/metrics/contract.ts';
import { trafficPage } from '../../../src/metrics/traffic-page.ts';
import { LatencySketch } from '../../../src/telemetry/latency-sketch.ts';
import { fixedSource } from '../../support/telemetry/fixed-source.ts';

const [buyer, store] = ['buyer-0', 'store-0'].map((pod) => ({ namespace: 'default', pod }));
const measured = { kind: 'http', source: buyer, destination: store, success: 1, failure: 0, denied: 0, codes: {} };
const both = (['client', 'server'] as const).map((side) => ({ ...measured, side, retries: 0 }) as TrafficSeries);
const page = trafficPage(fixedSource([]), () => undefined);

async function ask(query: string) {
  const { status, body } = await page(new URLSearchParams(query), 7);
  return { status, value: JSON.parse(body) };
}

test('the page answers with a report, or with its summary by one kind', async () => {
  expect(await ask('')).toMatchObject({ status: 200, value: { windowSeconds: 30, at: 7, series: [] } });
  expect(await ask('window=2m')).toMatchObject({ value: { windowSeconds: 120 } });
  expect(await ask('window=5s&by=pods')).toMatchObject({ value: { by: 'pods', edges: [], windowSeconds: 5 } });
});

test('the page leaves out the side and the sums that nobody wants', async () => {
  const traffic = trafficPage(fixedSource(both), () => undefined);
  const sumsOf = async (query: string) => {
    const { edges, totals } = JSON.parse((await traffic(new URLSearchParams(query), 7)).body);
    const told = (sums: readonly { readonly side: string; readonly direction?: string }[]) =>
      sums.map(({ side, direction = 'edge' }) => `${side} ${direction}`).sort();
    return told([...edges, ...totals]);
  };
  expect(await sumsOf('by=pods')).toEqual([
    ...['client edge', 'client from', 'client to', 'server edge', 'server from', 'server to'],
  ]);
  expect(await sumsOf('by=pods&side=server')).toEqual(['server edge', 'server from', 'server to']);
  expect(await sumsOf('by=pods&only=edges')).toEqual(['client edge', 'server edge']);
  expect(await sumsOf('by=pods&side=client&only=to')).toEqual(['client to']);
});

test('the page tells the pods of one owner together, and what both proxies counted once', async () => {
  const at = (pod: string) => ({
    ...{ namespace: 'default', pod, node: `node-of-${pod}`, services: ['store'] },
    owners: [
      { kind: 'ReplicaSet', name: 'store-5d' },
      { kind: 'Deployment', name: 'store' },
    ],
  });
  const counts = { success: 3, failure: 2, denied: 1, retries: 1, codes: { 200: 3, 403: 1, 503: 1 } };
  const requests = { ...counts, side: 'client', kind: 'http', source: { ...buyer, identity: 'spiffe://a' } } as const;
  const latency = (seconds: number) => {
    const sketch = new LatencySketch();
    sketch.observe(seconds);
    return sketch.toJSON();
  };
  const traffic = trafficPage(
    fixedSource([
      { ...requests, destination: at('store-5d-a'), service: 'default/store', latency: latency(0.001) },
      { ...requests, destination: at('store-5d-b'), service: 'default/store', latency: latency(0.1) },
      { ...requests, destination: at('store-5d-b'), service: 'default/shop' },
      { ...requests, side: 'server', destination: at('store-5d-b') },
      { ...requests, side: 'server', source: {}, destination: at('store-5d-b') },
    ] as TrafficSeries[]),
    () => undefined,
  );
  const { series } = JSON.parse((await traffic(new URLSearchParams('pods=merged'), 7)).body) as TrafficReport;
  const store = { namespace: 'default', services: ['store'], owners: [{ kind: 'Deployment', name: 'store' }] };
  const both = LatencySketch.from(latency(0.001));
  both.observe(0.1);
  expect(series).toEqual([
    {
      ...{ ...requests, destination: store, service: 'default/store', latency: both.toJSON() },
      ...{ success: 6, failure: 4, denied: 2, retries: 2, codes: { 200: 6, 403: 2, 503: 2 } },
    },
    { ...requests, destination: store, service: 'default/shop' },
    { ...requests, side: 'server', source: {}, destination: store },
  ]);
});

test('the page refuses what it cannot answer', async () => {
  expect(await ask('window=soon')).toMatchObject({ status: 400 });
  expect(await ask('window=10ms')).toMatchObject({ status: 400 });
  expect(await ask('by=toString')).toMatchObject({ status: 400 });
  expect(await ask('by=pods&side=both')).toMatchObject({ status: 400 });
  expect(await ask('by=pods&only=totals')).toMatchObject({ status: 400 });
  expect(await ask('pods=all')).toMatchObject({ status: 400 });
  const nobody = async () => err('nobody answers');
  const failing = trafficPage({ report: nobody, summary: nobody }, () => undefined);
  expect(await failing(new URLSearchParams(), 0)).toMatchObject({ status: 503, body: '{"error":"nobody answers"}\n' });
});
