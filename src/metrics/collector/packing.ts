import { Buffer } from 'node:buffer';
import type { Verdict } from '../../telemetry/labels.ts';
import type { Counted } from '../series.ts';
import type { GainSum } from './gain-sum.ts';

/** What some series of one proxy gained, by their number in its table. */
export type NumberedGain = readonly [series: number, gain: Counted];

const verdicts: readonly Verdict[] = [
  'forwarded',
  'rejected',
  'failed',
  'allowed',
  'denied',
  'audited',
  'limited',
  'unauthenticated',
];

/**
 * Gains as bytes: whole numbers of seven bits a byte, sums of latencies in microseconds. A collector keeps many of them, and reads few.
 */
export function pack(gains: readonly NumberedGain[]): Buffer {
  const bytes: number[] = [];
  const put = (number: number): void => {
    let rest = Math.max(0, Math.round(number));
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
    bytes.push(rest);
  };
  for (const [series, { ended, retries, latency }] of gains) {
    put(series);
    put(retries);
    put(ended.length);
    for (const { code, verdict, count } of ended) {
      put(code);
      put(verdicts.indexOf(verdict));
      put(count);
    }
    if (latency === undefined) {
      put(0);
      continue;
    }
    put(latency.buckets.length + 1);
    put(latency.sum * 1e6);
    put(latency.zero);
    // Only the first may be negative: durations below a second have negative indices.
    for (const [at, number] of latency.buckets.entries()) put(at === 0 ? zigzag(number) : number);
  }
  return Buffer.from(bytes);
}

/** Adds what was packed to the sums of its series. */
export function addPacked(bytes: Buffer, sumOf: (series: number) => GainSum): void {
  let at = 0;
  const take = (): number => {
    let byte = bytes[at++]!;
    if (byte < 128) return byte;
    let [number, scale] = [byte - 128, 128];
    for (;;) {
      byte = bytes[at++]!;
      if (byte < 128) return number + byte * scale;
      number += (byte - 128) * scale;
      scale *= 128;
    }
  };
  while (at < bytes.length) {
    const sum = sumOf(take());
    sum.retries += take();
    for (let ended = take(); ended > 0; ended--) sum.end(take(), verdicts[take()] ?? 'failed', take());
    const size = take();
    if (size === 0) continue;
    const latency = sum.latency();
    latency.add({ sum: take() / 1e6, zero: take(), buckets: [] });
    for (let bucket = 1, index = 0; bucket < size; bucket += 2) {
      index += bucket === 1 ? unzigzag(take()) : take();
      latency.addTo(index, take());
    }
  }
}

function zigzag(number: number): number {
  return number < 0 ? -number * 2 - 1 : number * 2;
}

function unzigzag(number: number): number {
  return number % 2 === 1 ? -(number + 1) / 2 : number / 2;
}
