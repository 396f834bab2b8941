import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { ClientConnection, type ConnectionOwner } from '../http1/client-connection.ts';
import { Http2ClientConnection, type SharedConnectionOwner } from '../http2/client-connection.ts';
import { limits } from '../limits.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { Breaker } from './breaker.ts';
import type { ResponseConsumer, UpstreamFailure } from './consumer.ts';
import { anyHttp, type Dialer, type DialTarget, onlyHttp1, onlyHttp2 } from './dial.ts';
import { Latency } from './latency.ts';
import { expectedWait, PendingQueue } from './pending-queue.ts';

/**
 * The connections to one endpoint. Of HTTP/1.1: a stack of idle ones, a bound on all, and a bounded queue of requests that
 * wait. Of HTTP/2, where the server speaks it: one that all requests share, and more only when it is full.
 */
export class EndpointPool implements ConnectionOwner, SharedConnectionOwner, Tickable {
  readonly target: DialTarget;
  /** Requests under way; what balancing looks at. */
  outstanding = 0;
  readonly latency = new Latency();
  connectMillis: number = limits.connectMillis;
  /** Bounds connections and requests that wait; undefined: only the proxy's own limits do. */
  readonly breaker: Breaker | undefined;
  readonly #dialer: Dialer;
  readonly #ticker: Ticker;
  readonly #idle: ClientConnection[] = [];
  readonly #open = new Set<ClientConnection>();
  readonly #shared: Http2ClientConnection[] = [];
  /** Whether the server speaks HTTP/2; undefined until the first TLS handshake tells. */
  #http2: boolean | undefined;
  /** Requests that need a connection of HTTP/1.1 for themselves, by the one that is being opened. */
  readonly #upgrades = new Map<Socket, ResponseConsumer>();
  readonly #dialing = new Map<Socket, number>();
  readonly #pending = new PendingQueue();
  #retired = false;

  constructor(target: DialTarget, dialer: Dialer, ticker: Ticker, breaker?: Breaker) {
    this.target = target;
    this.breaker = breaker;
    breaker?.add(this.#closeIdle);
    this.#dialer = dialer;
    this.#ticker = ticker;
    this.#http2 = target.identity === '' ? target.http2 === true : undefined;
    ticker.add(this);
  }

  get connections(): number {
    return this.#open.size + this.#shared.length;
  }

  /** Whether a connection that is open takes a request now. */
  get roomy(): boolean {
    return this.#idle.length > 0 || this.#roomy() !== undefined;
  }

  /** Gives the consumer a connection now or later; `fresh` refuses one that served before. */
  acquire(consumer: ResponseConsumer, fresh: boolean): void {
    const ownConnection = consumer.upgrading || this.#http2 === false;
    const shared = ownConnection ? undefined : this.#roomy();
    if (shared !== undefined) {
      shared.serve(consumer);
      return;
    }
    const connection = ownConnection && !fresh ? this.#idle.pop() : undefined;
    if (connection !== undefined) {
      connection.serve(consumer);
      return;
    }
    // While it is not known whether one connection will do for all, one is opened.
    const opening = !this.#retired && (ownConnection || this.#dialing.size === 0) && this.#takeConnection();
    const failure = opening ? undefined : this.#refusal(consumer);
    if (failure !== undefined) {
      consumer.upstreamFailed(failure);
      return;
    }
    if (opening && consumer.upgrading && this.#http2 !== false) {
      this.#dialForUpgrade(consumer);
      return;
    }
    const place = opening || this.#awaitsShared ? undefined : this.breaker;
    this.#pending.push(consumer, this.#ticker.now + limits.pendingMillis, place);
    if (opening) this.#dial();
  }

  /** Forgets a consumer that waits. */
  cancel(consumer: ResponseConsumer): void {
    this.#pending.cancel(consumer);
    for (const [socket, waiting] of this.#upgrades) {
      if (waiting !== consumer) continue;
      this.#upgrades.delete(socket);
      socket.destroy();
    }
  }

  /** The endpoint is gone from the configuration: what is open serves on until it has been idle for long. */
  retire(): void {
    this.#retired = true;
    this.#forgetWhenEmpty();
  }

  /** The endpoint is back. */
  revive(): void {
    this.#retired = false;
    this.#ticker.add(this);
    this.breaker?.add(this.#closeIdle);
  }

  destroy(): void {
    this.#retired = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) {
      next.upstreamFailed('connect');
    }
    for (const socket of this.#dialing.keys()) socket.destroy();
    for (const connection of [...this.#open, ...this.#shared]) connection.destroy();
    this.#ticker.remove(this);
  }

  freed(connection: Http2ClientConnection): void {
    while (this.#pending.length > 0 && connection.room > 0) connection.serve(this.#pending.shift()!);
  }

  sharedClosed(connection: Http2ClientConnection): void {
    const index = this.#shared.indexOf(connection);
    if (index < 0) return;
    this.#shared.splice(index, 1);
    this.breaker?.release('connections');
    this.#connectionGone();
  }

  released(connection: ClientConnection): void {
    const next = this.#pending.shift();
    if (next !== undefined) {
      connection.serve(next);
      return;
    }
    if (this.#idle.length >= limits.idlePerEndpoint) {
      connection.destroy();
      return;
    }
    connection.idleSince = this.#ticker.now;
    this.#idle.push(connection);
  }

  closed(connection: ClientConnection): void {
    if (this.#open.delete(connection)) this.breaker?.release('connections');
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    this.#connectionGone();
  }

  tick(now: number): void {
    while (this.#idle.length > 0 && now - this.#idle[0]!.idleSince > limits.upstreamIdleMillis)
      this.#idle[0]!.destroy();
    for (const connection of this.#shared) if (connection.stale) connection.drain();
    for (const [socket, since] of this.#dialing) if (now - since > this.connectMillis) socket.destroy();
    for (let late = this.#pending.shiftOverdue(now); late !== undefined; late = this.#pending.shiftOverdue(now)) {
      late.upstreamFailed(this.connections === 0 || this.#awaitsShared ? 'connect' : 'overload');
    }
  }

  /** Whether one more connection may be opened; then it has to be. */
  #takeConnection(): boolean {
    const { breaker } = this;
    if (this.#dialing.size + this.connections >= limits.connectionsPerEndpoint) return false;
    if (breaker === undefined || breaker.tryTake('connections')) return true;
    return breaker.reclaimConnection() && breaker.tryTake('connections');
  }

  /** Why a request for which no connection may be opened cannot wait either; otherwise it holds a place of the breaker. */
  #refusal({ expiresAt }: ResponseConsumer): UpstreamFailure | undefined {
    const { breaker } = this;
    const { now } = this.#ticker;
    if (this.#retired) return 'connect';
    const { connections } = this;
    if (connections + this.#dialing.size === 0) {
      breaker?.overflow('connections');
      return 'limit';
    }
    const latency = Math.max(0, this.latency.estimate(now));
    // On shared connections nobody waits for others to be answered.
    const wait = this.#http2 === false ? expectedWait(this.#pending.length, connections, latency) : 0;
    const patience = expiresAt === 0 ? limits.pendingMillis : Math.min(limits.pendingMillis, expiresAt - now);
    if (this.#pending.length >= limits.pendingPerEndpoint || wait > patience) return 'overload';
    return breaker === undefined || this.#awaitsShared || breaker.take('pending') ? undefined : 'limit';
  }

  /** Whether a connection is being opened that will probably do for all that wait. */
  get #awaitsShared(): boolean {
    return this.#http2 !== false && this.#dialing.size > 0;
  }

  get #offer(): readonly string[] {
    return this.target.tunnel === true ? onlyHttp2 : anyHttp;
  }

  /** A shared connection that takes another request. */
  #roomy(): Http2ClientConnection | undefined {
    for (const connection of this.#shared) if (connection.room > 0) return connection;
    return undefined;
  }

  #connectionGone(): void {
    if (this.#pending.length > 0) this.#dialMore();
    else this.#forgetWhenEmpty();
  }

  #dialMore(): void {
    const most = this.#http2 === false ? this.#pending.length : Math.min(this.#pending.length, 1);
    while (this.#dialing.size < most && this.#takeConnection()) {
      if (!this.#dial()) return;
    }
  }

  #dial(): boolean {
    const socket = this.#dialer.dial(this.target, (ready) => this.#dialled(ready), this.#offer);
    if (socket === undefined) {
      this.#dialFailed();
      return false;
    }
    this.#watch(socket, () => this.#dialFailed());
    return true;
  }

  #dialled(socket: Socket): void {
    this.#dialing.delete(socket);
    if (this.target.identity !== '') this.#http2 = (socket as TLSSocket).alpnProtocol === 'h2';
    if (this.#http2 === true) {
      const shared = new Http2ClientConnection(this, socket, this.#ticker, this.target.tunnel === true);
      this.#shared.push(shared);
      this.freed(shared);
      return;
    }
    this.released(this.#own(socket));
    if (this.#pending.length > 0) this.#dialMore();
  }

  #own(socket: Socket): ClientConnection {
    const connection = new ClientConnection(this, socket);
    this.#open.add(connection);
    return connection;
  }

  #dialForUpgrade(consumer: ResponseConsumer): void {
    const ready = (socket: Socket) => {
      this.#dialing.delete(socket);
      this.#upgrades.delete(socket);
      this.#own(socket).serve(consumer);
    };
    const failed = (socket: Socket | undefined) => {
      this.breaker?.release('connections');
      if (socket === undefined || this.#upgrades.delete(socket)) consumer.upstreamFailed('connect');
      this.#connectionGone();
    };
    const socket = this.#dialer.dial(this.target, ready, onlyHttp1);
    if (socket === undefined) {
      failed(undefined);
      return;
    }
    this.#upgrades.set(socket, consumer);
    this.#watch(socket, () => failed(socket));
  }

  #watch(socket: Socket, failed: () => void): void {
    this.#dialing.set(socket, this.#ticker.now);
    socket.on('error', ignore);
    socket.once('close', () => {
      if (this.#dialing.delete(socket)) failed();
    });
  }

  /** One attempt answers one request, the oldest; where one connection would have served all, it answers all. */
  #dialFailed(): void {
    this.breaker?.release('connections');
    let left = this.#http2 === false ? 1 : this.#pending.length;
    for (; left > 0; left--) this.#pending.shift()?.upstreamFailed('connect');
    if (this.#pending.length > 0) this.#dialMore();
    else this.#forgetWhenEmpty();
  }

  #forgetWhenEmpty(): void {
    if (!this.#retired || this.connections + this.#dialing.size + this.#pending.length > 0) return;
    this.#ticker.remove(this);
    this.breaker?.remove(this.#closeIdle);
  }

  /** Gives up a connection that nobody uses, of those of HTTP/1.1 the one that has been idle for longest. */
  readonly #closeIdle = (): boolean => {
    const oldest = this.#idle[0] ?? this.#shared.find(({ idle }) => idle);
    oldest?.destroy();
    return oldest !== undefined;
  };
}

/** The socket's `close` follows and says all that matters. */
function ignore(): void {}
