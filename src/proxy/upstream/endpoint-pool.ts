import type { Socket } from 'node:net';
import { ClientConnection, type ConnectionOwner } from '../http1/client-connection.ts';
import { limits } from '../limits.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { Breaker } from './breaker.ts';
import type { ResponseConsumer, UpstreamFailure } from './consumer.ts';
import type { Dialer, DialTarget } from './dial.ts';
import { Latency } from './latency.ts';
import { expectedWait, PendingQueue } from './pending-queue.ts';

/** The connections to one endpoint: a stack of idle ones, a bound on all, and a bounded queue of requests that wait. */
export class EndpointPool implements ConnectionOwner, Tickable {
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
  readonly #dialing = new Map<Socket, number>();
  readonly #pending = new PendingQueue();
  #retired = false;

  constructor(target: DialTarget, dialer: Dialer, ticker: Ticker, breaker?: Breaker) {
    this.target = target;
    this.breaker = breaker;
    breaker?.add(this.#closeIdle);
    this.#dialer = dialer;
    this.#ticker = ticker;
    ticker.add(this);
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Connections that wait for a request. */
  get idle(): number {
    return this.#idle.length;
  }

  /** Gives the consumer a connection now or later; `fresh` refuses one that served before. */
  acquire(consumer: ResponseConsumer, fresh: boolean): void {
    const connection = fresh ? undefined : this.#idle.pop();
    if (connection !== undefined) {
      connection.serve(consumer);
      return;
    }
    const opening = !this.#retired && this.#takeConnection();
    const failure = opening ? undefined : this.#refusal(consumer);
    if (failure !== undefined) {
      consumer.upstreamFailed(failure);
      return;
    }
    const place = opening ? undefined : this.breaker;
    this.#pending.push(consumer, this.#ticker.now + limits.pendingMillis, place);
    if (opening) this.#dial();
  }

  /** Forgets a consumer that waits. */
  cancel(consumer: ResponseConsumer): void {
    this.#pending.cancel(consumer);
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
    for (const connection of [...this.#open]) connection.destroy();
    this.#ticker.remove(this);
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
    if (this.#pending.length > 0) this.#dialMore();
    else this.#forgetWhenEmpty();
  }

  tick(now: number): void {
    while (this.#idle.length > 0 && now - this.#idle[0]!.idleSince > limits.upstreamIdleMillis)
      this.#idle[0]!.destroy();
    for (const [socket, since] of this.#dialing) if (now - since > this.connectMillis) socket.destroy();
    for (let late = this.#pending.shiftOverdue(now); late !== undefined; late = this.#pending.shiftOverdue(now)) {
      late.upstreamFailed(this.#open.size === 0 ? 'connect' : 'overload');
    }
  }

  /** Whether one more connection may be opened; then it has to be. */
  #takeConnection(): boolean {
    const { breaker } = this;
    if (this.#dialing.size + this.#open.size >= limits.connectionsPerEndpoint) return false;
    if (breaker === undefined || breaker.tryTake('connections')) return true;
    return breaker.reclaimConnection() && breaker.tryTake('connections');
  }

  /** Why a request for which no connection may be opened cannot wait either; otherwise it holds a place of the breaker. */
  #refusal({ expiresAt }: ResponseConsumer): UpstreamFailure | undefined {
    const { breaker } = this;
    const { now } = this.#ticker;
    if (this.#retired) return 'connect';
    const connections = this.#open.size;
    if (connections + this.#dialing.size === 0) {
      breaker?.overflow('connections');
      return 'limit';
    }
    const latency = Math.max(0, this.latency.estimate(now));
    const wait = expectedWait(this.#pending.length, connections, latency);
    const patience = expiresAt === 0 ? limits.pendingMillis : Math.min(limits.pendingMillis, expiresAt - now);
    if (this.#pending.length >= limits.pendingPerEndpoint || wait > patience) return 'overload';
    return breaker === undefined || breaker.take('pending') ? undefined : 'limit';
  }

  #dialMore(): void {
    while (this.#dialing.size < this.#pending.length && this.#takeConnection()) {
      if (!this.#dial()) return;
    }
  }

  #dial(): boolean {
    const socket = this.#dialer.dial(this.target, (ready) => {
      this.#dialing.delete(ready);
      const connection = new ClientConnection(this, ready);
      this.#open.add(connection);
      this.released(connection);
    });
    if (socket === undefined) {
      this.#dialFailed();
      return false;
    }
    this.#dialing.set(socket, this.#ticker.now);
    socket.on('error', ignore);
    socket.once('close', () => {
      if (this.#dialing.delete(socket)) this.#dialFailed();
    });
    return true;
  }

  /** One attempt answers one request: the oldest. */
  #dialFailed(): void {
    this.breaker?.release('connections');
    this.#pending.shift()?.upstreamFailed('connect');
    if (this.#pending.length > 0) this.#dialMore();
    else this.#forgetWhenEmpty();
  }

  #forgetWhenEmpty(): void {
    if (!this.#retired || this.#open.size + this.#dialing.size + this.#pending.length > 0) return;
    this.#ticker.remove(this);
    this.breaker?.remove(this.#closeIdle);
  }

  /** Gives up the connection that has been idle for longest. */
  readonly #closeIdle = (): boolean => {
    const [oldest] = this.#idle;
    oldest?.destroy();
    return oldest !== undefined;
  };
}

/** The socket's `close` follows and says all that matters. */
function ignore(): void {}
