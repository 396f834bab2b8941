import { Buffer } from 'node:buffer';
import type { TrafficLabels } from '../../telemetry/labels.ts';
import type { TelemetrySnapshot, TrafficKind, TrafficSeries } from '../../telemetry/snapshot.ts';
import type { Side } from '../contract.ts';
import { type Counted, sideOf } from '../series.ts';
import type { Gains } from '../sum.ts';
import { gainOf } from './delta.ts';
import { GainSums } from './gain-sum.ts';
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

interface Packed {
  readonly bytes: Buffer;
  /** Where those of the server's side begin. */
  readonly servers: number;
}

interface Slot {
  /** When it was read, by the collector's clock. */
  readonly at: number;
  readonly gains: Packed;
  /** Of the first of a run: what all of the run gained, so that a long window reads little more than a short one. */
  run?: Packed;
}

/** Slots. */
const runLength = 8;

/** What is remembered of one run of a proxy; a proxy that begins anew has another. */
export class ProxyHistory {
  readonly startedAt: number;
  readonly #table: KnownSeries[] = [];
  readonly #numbers = new Map<string, number>();
  #last: (Counted | undefined)[] = [];
  #slots: Slot[] = [];
  /** Slots that are in no run yet, those that were forgotten included. */
  #loose = 0;
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
    const gained = packed(gains);
    if (gained.bytes.length > 0) this.#keep({ at, gains: gained });
    return true;
  }

  /** What each series gained in a span; `sums` are empty before and after. */
  *between(span: Span, sums: GainSums): Generator<readonly [series: KnownSeries, counted: Counted]> {
    this.#tell(span, (number) => sums.of(number));
    for (const [number, counted] of sums.take()) yield [this.#table[number]!, counted];
  }

  /** Tells what each series gained in a span to what `gainsOf` says takes it, which is asked once for each. */
  tell(span: Span, gainsOf: (series: KnownSeries) => Gains): void {
    const known: Gains[] = [];
    this.#tell(span, (number) => {
      known[number] ??= gainsOf(this.#table[number]!);
      return known[number];
    });
  }

  #tell({ after, until, side }: Span, gainsOf: (series: number) => Gains): void {
    for (let place = 0; place < this.#slots.length; place++) {
      const { at, gains, run } = this.#slots[place]!;
      if (at <= after || at > until) continue;
      const last = place + runLength - 1;
      const whole = run !== undefined && this.#slots[last]!.at <= until;
      addPacked(bytesOf(whole ? run : gains, side), gainsOf);
      if (whole) place = last;
    }
  }

  /** Forgets what was read before; whether there is anything left. */
  forget(before: number): boolean {
    while (this.#slots[0] !== undefined && this.#slots[0].at <= before) {
      const { gains, run } = this.#slots.shift()!;
      this.bytes -= gains.bytes.length + (run?.bytes.length ?? 0);
    }
    return this.#slots.length > 0;
  }

  #keep(slot: Slot): void {
    this.#slots.push(slot);
    this.bytes += slot.gains.bytes.length;
    this.#loose++;
    if (this.#loose < runLength) return;
    this.#loose = 0;
    const first = this.#slots.at(-runLength);
    if (first === undefined) return;
    first.run = this.#sumOf(this.#slots.slice(-runLength));
    this.bytes += first.run.bytes.length;
  }

  #sumOf(slots: readonly Slot[]): Packed {
    const sums = new GainSums();
    const gains: Record<Side, NumberedGain[]> = { client: [], server: [] };
    for (const slot of slots) addPacked(slot.gains.bytes, (number) => sums.of(number));
    for (const [number, counted] of sums.take()) gains[sideOf(this.#table[number]!.labels)].push([number, counted]);
    return packed(gains);
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

function packed(gains: Readonly<Record<Side, readonly NumberedGain[]>>): Packed {
  const [client, server] = [pack(gains.client), pack(gains.server)];
  return { bytes: Buffer.concat([client, server]), servers: client.length };
}

function bytesOf({ bytes, servers }: Packed, side: Side | undefined): Buffer {
  return bytes.subarray(side === 'server' ? servers : 0, side === 'client' ? servers : undefined);
}

/** Labels are in the table: of what was read only counts are kept. */
function countedOf({ ended, retries, latency }: TrafficSeries): Counted {
  return { ended, retries, ...(latency === undefined ? {} : { latency }) };
}
