import type { Buffer } from 'node:buffer';
import type { TrafficLabels } from '../../telemetry/labels.ts';
import type { TelemetrySnapshot, TrafficKind, TrafficSeries } from '../../telemetry/snapshot.ts';
import { gainOf } from './delta.ts';
import { type NumberedGain, pack, unpack } from './packing.ts';

/** A label set of one proxy. */
export interface KnownSeries {
  readonly labels: TrafficLabels;
  readonly kind: TrafficKind;
}

interface Slot {
  /** When it was read, by the collector's clock. */
  readonly at: number;
  readonly gains: Buffer;
}

/** What is remembered of one run of a proxy; a proxy that begins anew has another. */
export class ProxyHistory {
  readonly startedAt: number;
  readonly #table: KnownSeries[] = [];
  readonly #numbers = new Map<string, number>();
  #last: (TrafficSeries | undefined)[] = [];
  #slots: Slot[] = [];
  bytes = 0;

  /** Of the first reading everything counts, or nothing when the proxy has been counting since before anybody looked. */
  constructor(first: TelemetrySnapshot, at: number, countsFirst: boolean) {
    this.startedAt = first.startedAt;
    if (countsFirst) this.add(first, at);
    else this.#remember(first);
  }

  /** False when it has been counted anew: then this history is over. */
  add(snapshot: TelemetrySnapshot, at: number): boolean {
    if (snapshot.startedAt !== this.startedAt) return false;
    const gains: NumberedGain[] = [];
    for (const series of snapshot.traffic) {
      const number = this.#numberOf(series);
      const gain = gainOf(series, this.#last[number]);
      if (gain === 'reset') return false;
      if (gain !== undefined) gains.push([number, gain]);
    }
    this.#remember(snapshot);
    if (gains.length > 0) this.#keep({ at, gains: pack(gains) });
    return true;
  }

  /** Everything that was gained after one moment, up to another. */
  *between(after: number, until: number): Generator<readonly [KnownSeries, NumberedGain[1]]> {
    for (const { at, gains } of this.#slots) {
      if (at <= after || at > until) continue;
      for (const [number, gain] of unpack(gains)) yield [this.#table[number]!, gain];
    }
  }

  /** Forgets what was read before; whether there is anything left. */
  forget(before: number): boolean {
    while (this.#slots[0] !== undefined && this.#slots[0].at <= before) {
      this.bytes -= this.#slots.shift()!.gains.length;
    }
    return this.#slots.length > 0;
  }

  #keep(slot: Slot): void {
    this.#slots.push(slot);
    this.bytes += slot.gains.length;
  }

  #remember({ traffic }: TelemetrySnapshot): void {
    this.#last = [];
    for (const series of traffic) this.#last[this.#numberOf(series)] = series;
  }

  #numberOf({ labels, kind }: TrafficSeries): number {
    const key = `${kind} ${Object.values(labels).join('\n')}`;
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#table.length;
      this.#table.push({ labels, kind });
      this.#numbers.set(key, number);
    }
    return number;
  }
}
