import { Buffer } from 'node:buffer';
import type { TrafficLabels } from '../../telemetry/labels.ts';
import type { TelemetrySnapshot, TrafficKind, TrafficSeries } from '../../telemetry/snapshot.ts';
import type { Side } from '../contract.ts';
import { type Counted, sideOf } from '../series.ts';
import { gainOf } from './delta.ts';
import type { GainSums } from './gain-sum.ts';
import { addPacked, type NumberedGain, pack } from './packing.ts';

/** A label set of one proxy. */
export interface KnownSeries {
  readonly labels: TrafficLabels;
  readonly kind: TrafficKind;
}

/** Of what was read: after one moment, up to another, by both sides or one. */
export interface Span {
  readonly after: number;
  readonly until: number;
  readonly side?: Side;
}

interface Slot {
  /** When it was read, by the collector's clock. */
  readonly at: number;
  readonly gains: Buffer;
  /** Where in them those of the server's side begin. */
  readonly servers: number;
}

/** What is remembered of one run of a proxy; a proxy that begins anew has another. */
export class ProxyHistory {
  readonly startedAt: number;
  readonly #table: KnownSeries[] = [];
  readonly #numbers = new Map<string, number>();
  #last: (Counted | undefined)[] = [];
  #slots: Slot[] = [];
  bytes = 0;

  /** Of the first reading everything counts, or nothing when the proxy has been counting since before anybody looked. */
  constructor(first: TelemetrySnapshot, at: number, countsFirst: boolean) {
    this.startedAt = first.startedAt;
    if (countsFirst) this.add(first, at);
    else for (const series of first.traffic) this.#last[this.#numberOf(series)] = countedOf(series);
  }

  /** False when it has been counted anew: then this history is over. */
  add(snapshot: TelemetrySnapshot, at: number): boolean {
    if (snapshot.startedAt !== this.startedAt) return false;
    const gains: Record<Side, NumberedGain[]> = { client: [], server: [] };
    const last: (Counted | undefined)[] = [];
    for (const series of snapshot.traffic) {
      const number = this.#numberOf(series);
      const gain = gainOf(series, this.#last[number]);
      if (gain === 'reset') return false;
      if (gain !== undefined) gains[sideOf(series.labels)].push([number, gain]);
      last[number] = countedOf(series);
    }
    this.#last = last;
    const [client, server] = [pack(gains.client), pack(gains.server)];
    if (client.length + server.length > 0)
      this.#keep({ at, gains: Buffer.concat([client, server]), servers: client.length });
    return true;
  }

  /** What each series gained in a span; `sums` are empty before and after. */
  *between({ after, until, side }: Span, sums: GainSums): Generator<readonly [series: KnownSeries, counted: Counted]> {
    const sumOf = (number: number) => sums.of(number);
    for (const { at, gains, servers } of this.#slots) {
      if (at <= after || at > until) continue;
      addPacked(gains.subarray(side === 'server' ? servers : 0, side === 'client' ? servers : undefined), sumOf);
    }
    for (const [number, counted] of sums.take()) yield [this.#table[number]!, counted];
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

/** Labels are in the table: of what was read only counts are kept. */
function countedOf({ ended, retries, latency }: TrafficSeries): Counted {
  return { ended, retries, ...(latency === undefined ? {} : { latency }) };
}
