import type { Breaker } from './breaker.ts';
import type { ResponseConsumer } from './consumer.ts';

interface Pending {
  readonly consumer: ResponseConsumer;
  readonly deadline: number;
  /** Holds a place of the breaker. */
  readonly breaker: Breaker | undefined;
}

/** Requests that wait for a connection, the oldest first. */
export class PendingQueue {
  readonly #entries: Pending[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** `breaker`: of which the caller took a place for it. */
  push(consumer: ResponseConsumer, deadline: number, breaker: Breaker | undefined): void {
    this.#entries.push({ consumer, deadline, breaker });
  }

  shift(): ResponseConsumer | undefined {
    return this.#leave(this.#entries.shift());
  }

  /** The oldest one if it has waited for too long. */
  shiftOverdue(now: number): ResponseConsumer | undefined {
    const oldest = this.#entries[0];
    return oldest !== undefined && now > oldest.deadline ? this.shift() : undefined;
  }

  cancel(consumer: ResponseConsumer): void {
    const index = this.#entries.findIndex((entry) => entry.consumer === consumer);
    if (index >= 0) this.#leave(this.#entries.splice(index, 1)[0]);
  }

  #leave(entry: Pending | undefined): ResponseConsumer | undefined {
    entry?.breaker?.release('pending');
    return entry?.consumer;
  }
}

/** How long a request will probably wait behind others when all connections are busy, in milliseconds. */
export function expectedWait(waiting: number, connections: number, latencyMillis: number): number {
  return ((waiting + 1) * latencyMillis) / Math.max(1, connections);
}
