import type { Socket } from 'node:net';
import type { ConnectionHost } from '../http/connection-host.ts';
import { type Peer, retireAt } from '../listeners/peer.ts';
import type { Tickable } from '../ticker.ts';
import { OpenRequests } from './open-requests.ts';
import { ServerRequest } from './server-request.ts';
import { ServerSession } from './server-session.ts';

/** One HTTP/2 connection of a client: its requests side by side, each through the listener's phases. */
export class Http2ServerConnection implements Tickable {
  readonly #session: ServerSession;
  readonly #requests = new OpenRequests();
  #retireAt: number;

  constructor(host: ConnectionHost<Http2ServerConnection>, socket: Socket, peer: Peer) {
    this.#retireAt = retireAt(peer, host.ticker);
    this.#session = new ServerSession({
      socket,
      ticker: host.ticker,
      extendedConnect: false,
      closed: () => {
        host.ticker.remove(this);
        host.closed(this);
      },
      request: (stream, head) => {
        const request = new ServerRequest(stream, peer, host.ticker, this.#requests);
        request.begin(host.phases, head);
        return request;
      },
    });
    host.ticker.add(this);
  }

  /** What the socket received; valid during the call. */
  receive(bytes: Buffer): void {
    this.#session.receive(bytes);
  }

  tick(now: number): void {
    this.#requests.tick(now);
    if (now < this.#retireAt) return;
    this.#retireAt = Number.POSITIVE_INFINITY;
    this.#session.drain();
  }

  /** Requests that are under way, and those that the client sends before it knows, are answered. */
  drain(): void {
    this.#session.drain();
  }

  destroy(): void {
    this.#session.destroy();
  }
}
