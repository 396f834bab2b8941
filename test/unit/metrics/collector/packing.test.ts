import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gainOf } from '../../../../src/metrics/collector/delta.ts';
import { pack, unpack } from '../../../../src/metrics/collector/packing.ts';
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
      const [[number, read] = []] = unpack(pack([[300, gain]]));
      expect(number).toBe(300);
      expect(read).toMatchObject({ ended: gain.ended, retries: since.length });
      expect(read?.latency?.buckets).toEqual(series(since).latency?.buckets);
      expect(read?.latency?.zero).toBe(series(since).latency?.zero);
    }),
  );
});

test('a count that is lower than before is that of another run', () => {
  expect(gainOf(series([1]), series([1, 2]))).toBe('reset');
});
