import { expect, test } from 'vitest';
import { GainSums } from '../../../../src/metrics/collector/gain-sum.ts';
import { ProxyHistory, type Span } from '../../../../src/metrics/collector/proxy-history.ts';
import { LatencySketch } from '../../../../src/telemetry/latency-sketch.ts';
import { Counts, trafficLabels } from '../../../support/telemetry/counting-proxy.ts';

const sides = {
  client: trafficLabels({ direction: 'outbound', source_pod: 'web-0' }),
  server: trafficLabels({ direction: 'inbound', destination_pod: 'web-0' }),
};
const readings = 30;

/** In the second before the reading at `at` there were `at` requests sent, of that many milliseconds, and one received. */
function told(history: ProxyHistory, span: Span) {
  return [...history.between(span, new GainSums())].map(([{ labels }, { ended, latency }]) => ({
    labels,
    ended,
    buckets: latency?.buckets,
  }));
}

function expected({ after, until, side }: Span) {
  const found = [];
  const [sent, received] = [new LatencySketch(), new LatencySketch()];
  for (let at = after + 1; at <= Math.min(until, readings); at++) {
    for (let i = 0; i < at; i++) sent.observe(at / 1_000);
    received.observe(at / 2_000);
  }
  const ended = (count: number) => [{ code: 200, verdict: 'allowed', count }];
  if (sent.count > 0 && side !== 'server')
    found.push({ labels: sides.client, ended: ended(sent.count), buckets: sent.toJSON().buckets });
  if (sent.count > 0 && side !== 'client')
    found.push({ labels: sides.server, ended: ended(received.count), buckets: received.toJSON().buckets });
  return found;
}

test('every span has what was gained within it, however long it is and whatever has been forgotten', () => {
  const counts = new Counts('shop/web-0', 0);
  const history = new ProxyHistory(structuredClone(counts.snapshot(0)), 0, false);
  for (let at = 1; at <= readings; at++) {
    for (let i = 0; i < at; i++) counts.request(sides.client, 200, 'allowed', at / 1_000);
    counts.request(sides.server, 200, 'allowed', at / 2_000);
    history.add(structuredClone(counts.snapshot(at)), at);
  }
  for (let forgotten = 0; forgotten <= readings; forgotten++) {
    expect(history.forget(forgotten)).toBe(forgotten < readings);
    for (const [after, until, side] of [
      [forgotten, readings + 1, undefined],
      [forgotten + 1, readings - 1, 'client'],
      [forgotten + 3, forgotten + 12, 'server'],
    ] as const) {
      const span = { after, until, ...(side === undefined ? {} : { side }) };
      expect(told(history, span), JSON.stringify(span)).toEqual(expected(span));
    }
  }
  expect(history.bytes).toBe(0);
});
