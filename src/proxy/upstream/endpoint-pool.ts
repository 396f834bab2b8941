import type { Socket } from 'node:net';
import { ClientConnection, type ConnectionOwner } from '../http1/client-connection.ts';
import { limits } from '../limits.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { ResponseConsumer } from './consumer.ts';
import type { Dialer, DialTarget } from './dial.ts';
import { Latency } from './latency.ts';

interface Pending {
  readonly consumer: ResponseConsumer;
  readonly deadline: number;
}

/** The connections to one endpoint: a stack of idle ones, a bound on all, and a bounded queue of requests that wait. */
export class EndpointPool implements ConnectionOwner, Tickable {
  readonly target: DialTarget;
  /** Requests under way; what balancing looks at. */
  outstanding = 0;
  readonly latency = new Latency();
  readonly #dialer: Dialer;
  readonly #ticker: Ticker;
  readonly #idle: ClientConnection[] = [];
  readonly #open = new Set<ClientConnection>();
  readonly #dialing = new Map<Socket, number>();
  readonly #pending: Pending[] = [];
  #retired = false;

  constructor(target: DialTarget, dialer: Dialer, ticker: Ticker) {
    this.target = target;
    this.#dialer = dialer;
    this.#ticker = ticker;
    ticker.add(this);
  }

  get connections(): number {
    return this.#open.size;
  }

  /** Gives the consumer a connection now or later; `fresh` refuses one that served before. */
  acquire(consumer: ResponseConsumer, fresh: boolean): void {
    const connection = fresh ? undefined : this.#idle.pop();
    if (connection !== undefined) {
      connection.serve(consumer);
      return;
    }
    if (this.#pending.length >= limits.pendingPerEndpoint) {
      consumer.upstreamFailed('overload');
      return;
    }
    if (this.#retired) this.#ticker.add(this);
    this.#pending.push({ consumer, deadline: this.#ticker.now + limits.pendingMillis });
    this.#dialMore();
  }

  /** Forgets a consumer that waits. */
  cancel(consumer: ResponseConsumer): void {
    const index = this.#pending.findIndex((entry) => entry.consumer === consumer);
    if (index >= 0) this.#pending.splice(index, 1);
  }

  /** The endpoint is gone from the configuration: what is under way finishes, nothing is kept. */
  retire(): void {
    this.#retired = true;
    for (const connection of [...this.#idle]) connection.destroy();
    this.#forgetWhenEmpty();
  }

  destroy(): void {
    this.#retired = true;
    for (const { consumer } of this.#pending.splice(0)) consumer.upstreamFailed('connect');
    for (const socket of this.#dialing.keys()) socket.destroy();
    for (const connection of [...this.#open]) connection.destroy();
    this.#ticker.remove(this);
  }

  released(connection: ClientConnection): void {
    const next = this.#pending.shift();
    if (next !== undefined) {
      connection.serve(next.consumer);
      return;
    }
    if (this.#retired || this.#idle.length >= limits.idlePerEndpoint) {
      connection.destroy();
      return;
    }
    connection.idleSince = this.#ticker.now;
    this.#idle.push(connection);
  }

  closed(connection: ClientConnection): void {
    this.#open.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
    if (this.#pending.length > 0) this.#dialMore();
    else this.#forgetWhenEmpty();
  }

  tick(now: number): void {
    while (this.#idle.length > 0 && now - this.#idle[0]!.idleSince > limits.upstreamIdleMillis)
      this.#idle[0]!.destroy();
    for (const [socket, since] of this.#dialing) if (now - since > limits.connectMillis) socket.destroy();
    while (this.#pending.length > 0 && now > this.#pending[0]!.deadline) {
      this.#pending.shift()!.consumer.upstreamFailed(this.#open.size === 0 ? 'connect' : 'overload');
    }
  }

  #dialMore(): void {
    while (
      this.#dialing.size < this.#pending.length &&
      this.#dialing.size + this.#open.size < limits.connectionsPerEndpoint
    ) {
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
    this.#pending.shift()?.consumer.upstreamFailed('connect');
    if (this.#pending.length > 0) this.#dialMore();
    else this.#forgetWhenEmpty();
  }

  #forgetWhenEmpty(): void {
    if (this.#retired && this.#open.size + this.#dialing.size + this.#pending.length === 0) this.#ticker.remove(this);
  }
}

/** The socket's `close` follows and says all that matters. */
function ignore(): void {}
