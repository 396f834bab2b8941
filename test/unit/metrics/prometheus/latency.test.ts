import { expect, test } from 'vitest';
import { growingHistograms, ofClassic, ofNative } from '../../../../src/metrics/prometheus/latency.ts';
import { LatencySketch } from '../../../../src/telemetry/latency-sketch.ts';
import { Histogram } from '../../../../src/telemetry/series.ts';

const durations = [0.0004, 0.0099, 0.01, 0.0101, 0.3, 0.9, 7, 90];
const histogram = new Histogram();
for (const seconds of durations) histogram.observe(seconds);
const quantiles = [0.1, 0.5, 0.75, 0.99, 1];

/** As Prometheus writes bounds: in decimals. */
function native(base: number) {
  const buckets = new Map<number, number>();
  for (const seconds of durations) {
    const index = Math.ceil(Math.log(seconds) / Math.log(base));
    buckets.set(index, (buckets.get(index) ?? 0) + 1);
  }
  const bounds = [...buckets].map(([index, count]) => ({ lower: base ** (index - 1), upper: base ** index, count }));
  return { sum: 98.2304, buckets: bounds.sort((one, other) => one.lower - other.lower) };
}

test('native histograms as fine as ours are the same sketch', () => {
  const { sketch, error } = ofNative(native(2 ** (1 / 128)));
  expect(sketch.buckets).toEqual(histogram.sketch.toJSON().buckets);
  expect(error).toBeLessThan(0.01);
});

test.each([
  ['wider native buckets', () => ofNative(native(2 ** (1 / 2)))],
  ['classic buckets', () => ofClassic(98.2304, new Map(histogram.classic()))],
])('%s are off by no more than is said', (_, read) => {
  const { sketch, error } = read();
  expect(sketch.sum).toBe(98.2304);
  const said = LatencySketch.from(sketch);
  for (const q of quantiles) {
    const exact = durations[Math.max(1, Math.ceil(q * durations.length)) - 1] ?? 0;
    expect(Math.abs((said.quantile(q) ?? 0) / exact - 1)).toBeLessThanOrEqual(error);
  }
  expect(error).toBeGreaterThan(0.01);
});

test('a histogram that counts less than before was counted anew', () => {
  const [one, more] = [native(2), native(2)];
  expect(growingHistograms.minus(one, more)).toEqual({ sum: 0, buckets: [] });
  const fewer = { sum: 1, buckets: one.buckets.slice(1) };
  expect(growingHistograms.minus(fewer, one)).toBeUndefined();
  expect(growingHistograms.minus(one, fewer)?.buckets).toEqual(one.buckets.slice(0, 1));
});
