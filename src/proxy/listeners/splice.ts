import type { Socket } from 'node:net';
import type { ConnectionCounters } from '../../telemetry/requests.ts';
import type { Counter } from '../../telemetry/series.ts';
import { limits } from '../limits.ts';
import { readInto, shared } from '../socket/read-into.ts';
import { reset } from './reset.ts';

/**
 * Carries bytes both ways with backpressure. Each side's end reaches the other after all its bytes and leaves the other
 * direction open; a side that breaks breaks the other.
 */
export function splice(client: Socket, server: Socket, counters: ConnectionCounters): void {
  const startedAt = performance.now();
  new Direction(client, server, counters.toServer);
  new Direction(server, client, counters.toClient);
  client.once('close', () => {
    counters.seconds.value += (performance.now() - startedAt) / 1000;
  });
}

/** Buffers of streams that are over. */
const spare: Buffer[] = [];

/**
 * One way of a splice. What comes in small pieces is copied from the buffer that all sockets share; a stream that fills it
 * gets a buffer of its own, which is not read into again before all of it is written.
 */
class Direction {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #carried: Counter;
  #own: Buffer | undefined;
  #next: Buffer | undefined;
  #waiting = false;
  readonly #written = (): void => {
    if (!this.#waiting || this.#to.writableLength > 0) return;
    this.#waiting = false;
    this.#from.resume();
  };

  constructor(from: Socket, to: Socket, carried: Counter) {
    this.#from = from;
    this.#to = to;
    this.#carried = carried;
    from.on('error', () => reset(to));
    from.on('end', () => to.end());
    // A client may have ended before there was a connection to tell it to.
    if (from.readableEnded) to.end();
    from.on('close', (failed) => {
      if (!failed) to.destroySoon();
      if (to.writableLength === 0) this.#release();
    });
    from.setTimeout(limits.splicedIdleMillis, () => from.destroy());
    readInto(
      from,
      (bytes) => this.#bytes(bytes),
      () => this.#nextBuffer(),
    );
  }

  #bytes(bytes: Buffer): void {
    const to = this.#to;
    this.#carried.value += bytes.length;
    const owned = bytes.buffer === this.#own?.buffer;
    to.write(owned ? bytes : Buffer.from(bytes), this.#written);
    if (to.writableLength > 0) {
      this.#waiting = true;
      this.#from.pause();
    } else if (owned && bytes.length <= limits.spliceCopyBytes) {
      this.#release();
      this.#next = shared;
    }
    if (!owned && bytes.length === shared.length) {
      this.#own = spare.pop() ?? Buffer.allocUnsafeSlow(limits.spliceBufferBytes);
      this.#next = this.#own;
    }
  }

  #nextBuffer(): Buffer | undefined {
    const next = this.#next;
    this.#next = undefined;
    return next;
  }

  #release(): void {
    if (this.#own !== undefined && spare.length < limits.spareSpliceBuffers) spare.push(this.#own);
    this.#own = undefined;
  }
}
