import { describe, expect, it } from 'vitest';
import { metrics } from '../../../src/telemetry/catalogue.ts';
import { collect } from '../../../src/telemetry/collect.ts';
import { expose } from '../../../src/telemetry/exposition/negotiate.ts';
import { inboundLabels, outboundLabels, type TrafficLabels } from '../../../src/telemetry/labels.ts';
import { LatencySketch } from '../../../src/telemetry/latency-sketch.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';
import { RequestSeries } from '../../../src/telemetry/requests.ts';

const client = { workload: 'shop/web-0', owner: 'Deployment/web', identity: 'spiffe://cluster.local/ns/shop/sa/web' };
const pods = ['cart-0', 'cart-1'].map((name) => ({
  workload: `shop/${name}`,
  owner: 'Deployment/cart',
  identity: 'spiffe://cluster.local/ns/shop/sa/cart',
}));
const labels: TrafficLabels = {
  ...outboundLabels(client),
  destination: 'shop/cart:80',
  destination_namespace: 'shop',
  backend: 'shop/cart',
  split: '',
  route: 'shop/cart:80#0',
};

function counted(limit?: number) {
  const registry = new MetricsRegistry(limit);
  return { registry, series: new RequestSeries(registry, labels) };
}

const body = (registry: MetricsRegistry, accept?: string) => String(expose(registry, accept).body);

describe('what is counted', () => {
  it('is kept apart by pod, code and verdict, each with its class', () => {
    const { registry, series } = counted();
    for (const pod of pods) series.of(pod).record(200, 'forwarded', 0.002);
    series.of(pods[0]).record(503, 'failed', 0.001);
    series.of(undefined).record(404, 'rejected', 0.001);
    const text = body(registry);
    const value = (...words: readonly string[]) =>
      text.split('\n').filter((line) => words.every((word) => line.includes(word)));
    expect(value('smi_requests_total{', 'destination_pod="cart-1"', 'code_class="2xx"', 'code="200"')).toHaveLength(1);
    expect(value('smi_requests_total{', 'destination_pod=""', 'code="404"')).toHaveLength(1);
    expect(value('smi_request_duration_seconds_count', 'destination_pod="cart-0"')[0]).toMatch(/ 2$/);
    expect(value('le="0.0015"', 'destination_pod="cart-0"')[0]).toMatch(/ 1$/);
  });

  it('counts under overflow, visibly, what comes beyond the bound', () => {
    const { registry } = counted(4);
    for (let i = 0; i < 50; i++) {
      const peer = { identity: `spiffe://cluster.local/ns/shop/sa/caller-${i}`, owner: '' };
      new RequestSeries(registry, inboundLabels(client, peer)).of(undefined).record(200, 'allowed', 0.001);
    }
    const text = body(registry);
    const sum = [...text.matchAll(/^smi_requests_total\{.*\} (\d+)$/gm)].reduce(
      (all, [, count]) => all + Number(count),
      0,
    );
    expect(sum).toBe(50);
    expect(text).toMatch(
      /smi_requests_total\{direction="inbound",source_namespace="overflow".*code="200",verdict="allowed"\}/,
    );
    expect(registry.overflowed).toBeGreaterThan(90);
    expect(text.split('\n').length).toBeLessThan(120);
  });
});

describe('formats', () => {
  it.each([
    [undefined, 'text/plain'],
    ['*/*', 'text/plain'],
    ['application/openmetrics-text;version=1.0.0,text/plain;q=0.5', 'application/openmetrics-text'],
    ['application/openmetrics-text;q=0.3,text/plain;q=0.5', 'text/plain'],
    [
      'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,text/plain;q=0.5',
      'application/vnd.google.protobuf',
    ],
    ['image/png', 'text/plain'],
  ])('%s gets %s', (accept, type) => {
    expect(expose(new MetricsRegistry(), accept).type.split(';')[0]).toBe(type);
  });

  it('of OpenMetrics have the trace of a request, and an end', () => {
    const { registry, series } = counted();
    series.of(pods[0]).record(200, 'forwarded', 0.004);
    series.of(pods[0]).exemplify('4bf92f3577b34da6a3ce929d0e0e4736', 0.004, 1_700_000_000_000);
    const text = body(registry, 'application/openmetrics-text');
    expect(text).toContain('# TYPE smi_requests counter\n');
    expect(text).toContain('le="0.005"} 1 # {trace_id="4bf92f3577b34da6a3ce929d0e0e4736"} 0.004 1700000000\n');
    expect(text.endsWith('# EOF\n')).toBe(true);
  });
});

it('a snapshot has all of it: exact counts, and sketches', () => {
  const { registry, series } = counted();
  for (let i = 1; i <= 100; i++) series.of(pods[0]).record(200, 'forwarded', i / 1000);
  series.of(undefined).record(403, 'denied', 0.001);
  series.retried('reset');
  series.mirrored('shop/shadow:80', 'answered');
  series.faulted('delay');
  series.connection('forwarded', pods[1]);
  registry.gauge(metrics.configVersion, () => 1);
  const { traffic, startedAt, workload } = collect({ registry, workload: client.workload, startedAt: 7 }, 9);
  expect({ startedAt, workload }).toEqual({ startedAt: 7, workload: 'shop/web-0' });
  const [served] = traffic.filter((each) => each.labels.destination_pod === 'cart-0');
  expect(served?.ended).toEqual([{ code: 200, verdict: 'forwarded', count: 100 }]);
  expect(Math.abs(LatencySketch.from(served!.latency!).quantile(0.99)! - 0.099)).toBeLessThan(0.099 * 0.01);
  const [own] = traffic.filter((each) => each.kind === 'http' && each.labels.destination_pod === '');
  expect(own).toMatchObject({
    retries: 1,
    mirrored: 1,
    faults: 1,
    ended: [{ code: 403, verdict: 'denied', count: 1 }],
  });
  expect(traffic.find(({ kind }) => kind === 'tcp')?.ended).toEqual([{ code: 0, verdict: 'forwarded', count: 1 }]);
});
