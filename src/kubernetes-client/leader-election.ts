import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { err } from '../lib/result.ts';
import type { SendOptions, StreamingConnection } from './connect.ts';
import { type ClusterFault, fault } from './fault.ts';
import { type Lease, type LeaseName, readLease, writeLease } from './lease.ts';

export interface LeaderElectionOptions extends LeaseName {
  /** Of this process, for people; it is made unique. */
  readonly identity: string;
  /**
   * This process leads until the signal aborts. Whatever the leader writes goes through the connection given here: it
   * sends nothing once another may lead. Leading ends only when this has resolved.
   */
  readonly onElected: (signal: AbortSignal, connection: StreamingConnection) => Promise<void>;
  readonly onFault?: (fault: ClusterFault) => void;
  readonly times?: Partial<LeaseTimes>;
}

/** All in milliseconds. */
export interface LeaseTimes {
  /** Others take over when the Lease has not been renewed for so long, by their own clocks. */
  readonly duration: number;
  /** The leader steps down when it has not renewed for so long; the rest of `duration` is what its last requests have. */
  readonly renewWithin: number;
  /** Between two attempts to renew, or to acquire. */
  readonly retry: number;
}

export interface LeaderElection {
  readonly leads: boolean;
  /** Steps down, waits until the leader's work has ended, and releases the Lease. */
  stop(): Promise<void>;
}

const defaultTimes: LeaseTimes = { duration: 15_000, renewWithin: 10_000, retry: 2_000 };
/** How long the leader's work may take to end, in milliseconds, before the Lease is released no more. */
const windDown = 10_000;

/**
 * Elects one of several processes by a Lease. A leader counts from before it asked for a renewal, the others from when
 * they saw it, all by monotonic clocks: wrong clocks, slow answers and a process that was frozen never make two leaders.
 */
export function startLeaderElection(connection: StreamingConnection, options: LeaderElectionOptions): LeaderElection {
  const election = new RunningElection(connection, options);
  const ended = election.run();
  return {
    get leads() {
      return election.leads;
    },
    stop: async () => {
      election.stop();
      await ended;
    },
  };
}

/** One time of leading. */
interface Term {
  readonly ended: AbortController;
  /** Until when nobody else can lead, by `performance.now()`. */
  validUntil: number;
  readonly work: Promise<void>;
}

class RunningElection {
  readonly #connection: StreamingConnection;
  readonly #options: LeaderElectionOptions;
  readonly #times: LeaseTimes;
  readonly #holder: string;
  readonly #stopped = new AbortController();
  #lease: Lease | undefined;
  /** When the version of the Lease that we know was seen first. */
  #seenAt = 0;
  #term: Term | undefined;

  constructor(connection: StreamingConnection, options: LeaderElectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    this.#holder = `${options.identity}_${randomUUID()}`;
  }

  get leads(): boolean {
    return this.#term !== undefined && isValid(this.#term);
  }

  stop(): void {
    this.#stopped.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      if (this.#term === undefined) await this.#tryToAcquire();
      else await this.#renew(this.#term);
      // Spread, so that those who wait do not all ask at once.
      await delay(this.#times.retry * (0.8 + 0.4 * Math.random()), undefined, { signal }).catch(() => undefined);
    }
    if (this.#term !== undefined) await this.#release(this.#term);
  }

  async #tryToAcquire(): Promise<void> {
    const read = await readLease(this.#connection, this.#options, this.#stopped.signal);
    if (this.#stopped.signal.aborted) return;
    if (!read.ok) return this.#options.onFault?.(read.error);
    const lease = read.value;
    const now = performance.now();
    if (lease !== undefined && lease.resourceVersion !== this.#lease?.resourceVersion) this.#seenAt = now;
    this.#lease = lease;
    const held = lease !== undefined && lease.holder !== '' && now - this.#seenAt < lease.durationMillis;
    if (held) return;
    const written = await this.#write(this.#holder, true);
    if (!written.ok) {
      if (written.error.status !== 409) this.#options.onFault?.(written.error);
      return;
    }
    this.#term = this.#begin(now + this.#times.renewWithin);
  }

  async #renew(term: Term): Promise<void> {
    const startedAt = performance.now();
    if (term.ended.signal.aborted) return await this.#end(term);
    const written = await this.#write(this.#holder, false);
    if (written.ok && !term.ended.signal.aborted) {
      term.validUntil = startedAt + this.#times.renewWithin;
      return;
    }
    if (!written.ok) this.#options.onFault?.(written.error);
    const refused = !written.ok && written.error.status === 409 && !(await this.#isStillOurs());
    if (refused || !isValid(term)) await this.#end(term);
  }

  /** Somebody may have written something else into the Lease, a label for example. */
  async #isStillOurs(): Promise<boolean> {
    const read = await readLease(this.#connection, this.#options, this.#stopped.signal);
    if (!read.ok) return true;
    this.#lease = read.value;
    this.#seenAt = performance.now();
    return read.value?.holder === this.#holder;
  }

  #begin(validUntil: number): Term {
    const ended = new AbortController();
    const term: Term = { ended, validUntil, work: Promise.resolve() };
    const watchdog = (): void => {
      const left = term.validUntil - performance.now();
      if (ended.signal.aborted) return;
      if (left <= 0) ended.abort(new Error('the lease could not be renewed in time'));
      else setTimeout(watchdog, left).unref();
    };
    watchdog();
    const { onElected } = this.#options;
    const work = (async () => onElected(ended.signal, fenced(this.#connection, term, this.#times)))().catch(
      () => undefined,
    );
    // Whoever stops working stops leading.
    return Object.assign(term, { work: work.then(() => ended.abort(new Error('the leader has nothing to do'))) });
  }

  /** Without the Lease. */
  async #end(term: Term): Promise<void> {
    term.ended.abort(new Error('another may lead'));
    await within(windDown, term.work);
    this.#term = undefined;
    this.#lease = undefined;
  }

  async #release(term: Term): Promise<void> {
    const valid = isValid(term);
    term.ended.abort(new Error('this process stops'));
    const workEnded = await within(windDown, term.work);
    this.#term = undefined;
    if (valid && workEnded) await this.#write('', false);
  }

  async #write(holder: string, taken: boolean) {
    const { duration, retry, renewWithin } = this.#times;
    const claim = { holder, durationMillis: holder === '' ? 1 : duration, taken };
    const timeout = Math.max(retry, renewWithin / 2);
    const written = await writeLease(this.#connection, this.#options, this.#lease, claim, timeout);
    if (written.ok) {
      this.#lease = written.value;
      this.#seenAt = performance.now();
    }
    return written;
  }
}

/** Asked wherever something is sent: after a pause of the whole process, timers may be late. */
function isValid(term: Term): boolean {
  if (!term.ended.signal.aborted && performance.now() >= term.validUntil) {
    term.ended.abort(new Error('the lease could not be renewed in time'));
  }
  return !term.ended.signal.aborted;
}

/** A connection that writes only while its term lasts, and whose requests end before another can lead. */
function fenced(connection: StreamingConnection, term: Term, times: LeaseTimes): StreamingConnection {
  const send = async (method: string, path: string, body?: unknown, options: SendOptions = {}) => {
    if (!isValid(term)) return err(fault(`${method} ${path} is not sent: this process does not lead any more`));
    const left = term.validUntil - performance.now() + (times.duration - times.renewWithin) / 2;
    return await connection.send(method, path, body, {
      ...options,
      timeout: Math.min(left, options.timeout ?? 15_000),
    });
  };
  return { ...connection, send };
}

/** Whether the work has ended in time. */
async function within(millis: number, work: Promise<void>): Promise<boolean> {
  const ended = new AbortController();
  const late = delay(millis, false, { signal: ended.signal, ref: false }).catch(() => false);
  const inTime = await Promise.race([work.then(() => true), late]);
  ended.abort();
  return inTime;
}
