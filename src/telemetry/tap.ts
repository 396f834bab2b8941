import type { RecordHeaders, RequestRecord } from './record.ts';
import type { RecordFilter } from './record-filter.ts';

/** What one onlooker wants to see. */
export interface TapRequest {
  readonly filter: RecordFilter;
  /** Of what passes the filter, between 0 and 1. */
  readonly share: number;
  readonly maxPerSecond: number;
  /** Whether records carry headers. */
  readonly headers: boolean;
  /** Lower-case names of headers whose values are not shown, besides those that never are. */
  readonly redact: ReadonlySet<string>;
}

/** Takes one record; false when there is no room for it. */
export type TapSink = (record: RequestRecord) => boolean;

/** What an onlooker did not get, since the beginning. */
export interface TapCounts {
  /** For want of room: it reads too slowly. */
  dropped: number;
  /** By its own wish: share and rate. */
  skipped: number;
}

export interface Tap extends Readonly<TapCounts> {
  close(): void;
}

/** Values of these are never shown: they let whoever has them act as somebody else. */
const secretHeaders: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-forwarded-client-cert',
]);

/** In place of a value that is not shown. */
const redacted = '[redacted]';

/**
 * Where a data plane offers what it carried, and onlookers take it. Nothing need be made while nobody looks: ask `idle` first, and
 * `wantsHeaders` before reading headers.
 */
export class TapHub {
  idle = true;
  wantsHeaders = false;
  readonly #maxTaps: number;
  readonly #taps = new Set<OpenTap>();
  readonly #now: () => number;
  readonly #random: () => number;

  constructor(maxTaps = 8, now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#maxTaps = maxTaps;
    this.#now = now;
    this.#random = random;
  }

  /** Undefined when too many look already. */
  open(request: TapRequest, sink: TapSink): Tap | undefined {
    if (this.#taps.size >= this.#maxTaps) return undefined;
    const tap = new OpenTap(request, sink, () => {
      this.#taps.delete(tap);
      this.#changed();
    });
    this.#taps.add(tap);
    this.#changed();
    return tap;
  }

  offer(record: RequestRecord): void {
    if (this.idle) return;
    const second = Math.floor(this.#now() / 1_000);
    for (const tap of this.#taps) tap.offer(record, second, this.#random);
  }

  #changed(): void {
    this.idle = this.#taps.size === 0;
    this.wantsHeaders = [...this.#taps].some(({ request }) => request.headers);
  }
}

class OpenTap implements Tap {
  readonly request: TapRequest;
  readonly close: () => void;
  dropped = 0;
  skipped = 0;
  readonly #sink: TapSink;
  #second = -1;
  #given = 0;

  constructor(request: TapRequest, sink: TapSink, close: () => void) {
    this.request = request;
    this.#sink = sink;
    this.close = close;
  }

  offer(record: RequestRecord, second: number, random: () => number): void {
    const { filter, share, maxPerSecond } = this.request;
    const shown = this.#shown(record);
    if (!filter(shown)) return;
    if (second !== this.#second) {
      this.#second = second;
      this.#given = 0;
    }
    if ((share < 1 && random() >= share) || this.#given >= maxPerSecond) {
      this.skipped++;
      return;
    }
    this.#given++;
    if (!this.#sink(shown)) this.dropped++;
  }

  /** Filters see no more than the onlooker does. */
  #shown(record: RequestRecord): RequestRecord {
    const { requestHeaders, responseHeaders, ...rest } = record;
    if (requestHeaders === undefined && responseHeaders === undefined) return record;
    if (!this.request.headers) return rest;
    return {
      ...rest,
      ...(requestHeaders === undefined ? {} : { requestHeaders: this.#redact(requestHeaders) }),
      ...(responseHeaders === undefined ? {} : { responseHeaders: this.#redact(responseHeaders) }),
    };
  }

  #redact(headers: RecordHeaders): RecordHeaders {
    const { redact } = this.request;
    return headers.map(([name, value]) => [name, secretHeaders.has(name) || redact.has(name) ? redacted : value]);
  }
}
