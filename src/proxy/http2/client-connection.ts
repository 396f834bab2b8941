import type { Socket } from 'node:net';
import { limits } from '../limits.ts';
import type { Ticker } from '../ticker.ts';
import type { ResponseConsumer } from '../upstream/consumer.ts';
import { ClientSession } from './client-session.ts';
import { UpstreamRequest } from './upstream-request.ts';

/** Who lends the connection out. */
export interface SharedConnectionOwner {
  /** There may be room for another request. */
  freed(connection: Http2ClientConnection): void;
  sharedClosed(connection: Http2ClientConnection): void;
}

/** One HTTP/2 connection to a server, for many requests at once. */
export class Http2ClientConnection {
  readonly #session: ClientSession;
  readonly #ticker: Ticker;
  readonly #tunnel: boolean;

  /** `tunnel`: requests are extended CONNECTs, for which the server has to say that it takes them. */
  constructor(owner: SharedConnectionOwner, socket: Socket, ticker: Ticker, tunnel: boolean) {
    this.#ticker = ticker;
    this.#tunnel = tunnel;
    this.#session = new ClientSession({
      socket,
      ticker,
      roomChanged: () => owner.freed(this),
      closed: () => owner.sharedClosed(this),
    });
  }

  /** How many more requests it takes now; 0 for good once it drains. */
  get room(): number {
    return this.#tunnel && !this.#session.extendedConnect ? 0 : this.#session.freeStreams;
  }

  /** Whether it carries nothing. */
  get idle(): boolean {
    return this.#session.openStreams === 0;
  }

  /** Whether it has carried nothing for long. */
  get stale(): boolean {
    return this.idle && this.#ticker.now - this.#session.idleSince > limits.upstreamHttp2IdleMillis;
  }

  /** Only while there is room. */
  serve(consumer: ResponseConsumer): void {
    consumer.upstreamReady(new UpstreamRequest(this.#session, consumer));
  }

  /** Ends once its requests have. */
  drain(): void {
    this.#session.drain();
  }

  destroy(): void {
    this.#session.destroy();
  }
}
