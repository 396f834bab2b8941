import type { Counter } from '../../telemetry/series.ts';
import { limits } from '../limits.ts';
import type { FinishedSpan } from './span.ts';

/** Sends spans away; settles in bounded time, false when they did not arrive. */
export type SpanExport = (spans: readonly FinishedSpan[]) => Promise<boolean>;

export interface SpanCounters {
  readonly exported: Counter;
  /** For want of room. */
  readonly dropped: Counter;
  /** The collector did not take them. */
  readonly failed: Counter;
}

/** Spans on their way to the collector: bounded in number, sent in batches one after the other. */
export class SpanQueue {
  readonly #send: SpanExport;
  readonly #counters: SpanCounters;
  #waiting: FinishedSpan[] = [];
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(send: SpanExport, counters: SpanCounters) {
    this.#send = send;
    this.#counters = counters;
  }

  add(span: FinishedSpan): void {
    if (this.#waiting.length >= limits.spansWaiting) {
      this.#counters.dropped.value++;
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= limits.spanBatch) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), limits.spanBatchMillis).unref();
  }

  /** Sends what is left; settles when it is gone or given up. */
  async flush(): Promise<void> {
    this.#begin();
    await this.#sending;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, limits.spanBatch);
      const arrived = await this.#send(batch);
      (arrived ? this.#counters.exported : this.#counters.failed).value += batch.length;
    }
  }
}
