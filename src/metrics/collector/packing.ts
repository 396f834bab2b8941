import { Buffer } from 'node:buffer';
import { putVarint, VarintReader } from '../../lib/varint.ts';
import type { Verdict } from '../../telemetry/labels.ts';
import { packSketch } from '../../telemetry/latency-sketch.ts';
import type { Counted } from '../series.ts';
import type { Gains } from '../sum.ts';

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

/** Gains as bytes: a collector keeps many of them, and reads few. */
export function pack(gains: readonly NumberedGain[]): Buffer {
  const bytes: number[] = [];
  const put = (number: number) => putVarint(bytes, number);
  for (const [series, { ended, retries, latency }] of gains) {
    put(series);
    put(retries);
    put(ended.length);
    for (const { code, verdict, count } of ended) {
      put(code);
      put(verdicts.indexOf(verdict));
      put(count);
    }
    const sketch = latency === undefined ? [] : packSketch(latency);
    put(sketch.length);
    for (const byte of sketch) bytes.push(byte);
  }
  return Buffer.from(bytes);
}

/** Tells what was packed to whatever takes it of its series. */
export function addPacked(bytes: Buffer, gainsOf: (series: number) => Gains): void {
  const packed = new VarintReader(bytes);
  while (!packed.ended) {
    const gains = gainsOf(packed.next());
    gains.retried(packed.next());
    for (let ended = packed.next(); ended > 0; ended--)
      gains.ended(packed.next(), verdicts[packed.next()] ?? 'failed', packed.next());
    const [size, begin] = [packed.next(), packed.at];
    if (size === 0) continue;
    for (const sketch of gains.timed()) {
      packed.at = begin;
      sketch.addPacked(packed, begin + size);
    }
    packed.at = begin + size;
  }
}
