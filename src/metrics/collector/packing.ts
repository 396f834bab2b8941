import { Buffer } from 'node:buffer';
import type { Verdict } from '../../telemetry/labels.ts';
import type { Gain } from './delta.ts';

/** What some series of one proxy gained, by their number in its table. */
export type NumberedGain = readonly [series: number, gain: Gain];

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
  put(gains.length);
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

/** The gains that were packed. */
export function unpack(bytes: Buffer): readonly NumberedGain[] {
  let at = 0;
  const take = (): number => {
    let [number, scale] = [0, 1];
    for (;;) {
      const byte = bytes[at++]!;
      if (byte < 128) return number + byte * scale;
      number += (byte - 128) * scale;
      scale *= 128;
    }
  };
  return Array.from({ length: take() }, (): NumberedGain => {
    const series = take();
    const retries = take();
    const ended = Array.from({ length: take() }, () => {
      const code = take();
      return { code, verdict: verdicts[take()] ?? 'failed', count: take() };
    });
    const size = take();
    if (size === 0) return [series, { ended, retries }];
    const sum = take() / 1e6;
    const zero = take();
    const buckets = Array.from({ length: size - 1 }, (_, index) => (index === 0 ? unzigzag(take()) : take()));
    return [series, { ended, retries, latency: { sum, zero, buckets } }];
  });
}

function zigzag(number: number): number {
  return number < 0 ? -number * 2 - 1 : number * 2;
}

function unzigzag(number: number): number {
  return number % 2 === 1 ? -(number + 1) / 2 : number / 2;
}
