import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import type { Tickable, Ticker } from '../ticker.ts';

/** How HTTP/2 with prior knowledge begins (RFC 9113 3.4); no request of HTTP/1 does. */
const preface = 'PRI ';

/** A plain connection until its first bytes tell which version of HTTP it speaks. */
export class UndecidedConnection implements Tickable {
  readonly #socket: Socket;
  readonly #ticker: Ticker;
  readonly #decided: (http2: boolean, bytes: Buffer) => void;
  readonly #closed: () => void;
  #deadline: number;
  #held: Buffer | undefined;

  /** One of `decided`, with all bytes so far, and `closed` is called, once. */
  constructor(socket: Socket, ticker: Ticker, decided: (http2: boolean, bytes: Buffer) => void, closed: () => void) {
    this.#socket = socket;
    this.#ticker = ticker;
    this.#decided = decided;
    this.#closed = closed;
    this.#deadline = ticker.now + limits.idleMillis;
    socket.on('error', this.#destroy);
    socket.on('end', this.#destroy);
    socket.on('close', this.#close);
    ticker.add(this);
  }

  receive(bytes: Buffer): void {
    const all = this.#held === undefined ? bytes : Buffer.concat([this.#held, bytes]);
    const begun = all.toString('latin1', 0, preface.length);
    if (begun.length < preface.length && preface.startsWith(begun)) {
      this.#held = Buffer.from(all);
      return;
    }
    this.#leave();
    this.#decided(begun === preface, all);
  }

  tick(now: number): void {
    if (now >= this.#deadline) this.destroy();
  }

  drain(deadline: number): void {
    this.#deadline = Math.min(this.#deadline, deadline);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  readonly #destroy = (): void => this.destroy();

  readonly #close = (): void => {
    this.#leave();
    this.#closed();
  };

  #leave(): void {
    this.#ticker.remove(this);
    this.#socket.off('error', this.#destroy);
    this.#socket.off('end', this.#destroy);
    this.#socket.off('close', this.#close);
  }
}
