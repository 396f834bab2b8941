import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gainOf } from '../../../../src/metrics/collector/delta.ts';
import { GainSums } from '../../../../src/metrics/collector/gain-sum.ts';
import { addPacked, pack } from '../../../../src/metrics/collector/packing.ts';
import { LatencySketch } from '../../../../src/telemetry/latency-sketch.ts';
import type { TrafficSeries } from '../../../../src/telemetry/snapshot.ts';
import { trafficLabels } from '../../../support/telemetry/counting-proxy.ts';

const seconds = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { maxLength: 40 });

function series(durations: readonly number[]): TrafficSeries {
  const latency = new LatencySketch();
  for (const each of durations) latency.observe(each);
  return {
    ...{ labels: trafficLabels({}), kind: 'http', retries: durations.length, mirrored: 0, faults: 0 },
    ended: [{ code: 200, verdict: 'forwarded', count: durations.length }],
    latency: latency.toJSON(),
  };
}

test('what was gained is the same packed and unpacked, and adds up to what was counted', () => {
  fc.assert(
    fc.property(seconds, seconds, (before, since) => {
      const gain = gainOf(series([...before, ...since]), series(before));
      if (since.length === 0) {
        expect(gain).toBeUndefined();
        return;
      }
      if (gain === undefined || gain === 'reset') throw new Error('nothing was gained');
      const sums = new GainSums();
      addPacked(
        pack([
          [300, gain],
          [2, gain],
        ]),
        (number) => sums.of(number),
      );
      const read = new Map(sums.take());
      expect([...read.keys()]).toEqual([300, 2]);
      for (const { ended, retries, latency } of read.values()) {
        expect({ ended, retries }).toEqual({ ended: gain.ended, retries: since.length });
        expect(latency?.buckets).toEqual(series(since).latency?.buckets);
        expect(latency?.zero).toBe(series(since).latency?.zero);
      }
      expect([...sums.take()]).toEqual([]);
    }),
  );
});

test('a count that is lower than before is that of another run', () => {
  expect(gainOf(series([1]), series([1, 2]))).toBe('reset');
});
