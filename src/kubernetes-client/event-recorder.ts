import { createHash } from 'node:crypto';
import type { Connection } from './connect.ts';
import type { ClusterFault } from './fault.ts';

/** The object that an Event is about. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

export interface RecordedEvent {
  readonly regarding: EventSubject;
  readonly type: 'Normal' | 'Warning';
  /** In one word, such as `Conflicted`. */
  readonly reason: string;
  /** What was done, in one word, such as `Compile`. */
  readonly action: string;
  /** For people; at most 1024 bytes are kept. */
  readonly note: string;
}

export interface EventRecorderOptions {
  /** Such as `smi-mesh.io/controller`. */
  readonly controller: string;
  /** Of this process, such as the name of its pod. */
  readonly instance: string;
  readonly onFault?: (fault: ClusterFault) => void;
  /** New and repeated Events, by the minute. */
  readonly perMinute?: number;
  /** How often an Event that repeats is brought up to date, in milliseconds. */
  readonly seriesInterval?: number;
}

export interface EventRecorder {
  /** Never waits: what is too much is left out, and counted. */
  record(event: RecordedEvent): void;
  /** Events that were left out since the start. */
  readonly dropped: number;
  stop(): void;
}

/** Events whose repetition is noticed, and at most so many that wait to be written. */
const remembered = 2_000;
const queueLimit = 500;
/** After this time, in milliseconds, a repetition is an Event of its own: the apiserver deletes them after an hour. */
const seriesLifetime = 30 * 60_000;
/** Of a note, by events.k8s.io/v1. */
const noteLimit = 1_024;

interface Known {
  readonly path: string;
  readonly name: string;
  readonly startedAt: number;
  count: number;
  writtenAt: number;
  queued: boolean;
}

/**
 * Writes Events of events.k8s.io/v1. The same thing said again becomes a count in the Event that is there already,
 * written at most once in `seriesInterval`. Bounded, and limited in what it sends.
 */
export function createEventRecorder(connection: Connection, options: EventRecorderOptions): EventRecorder {
  return new RunningRecorder(connection, options);
}

class RunningRecorder implements EventRecorder {
  readonly #connection: Connection;
  readonly #options: EventRecorderOptions;
  readonly #perMinute: number;
  readonly #seriesInterval: number;
  readonly #known = new Map<string, Known>();
  readonly #queue: (() => Promise<void>)[] = [];
  readonly #budget: Budget;
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #stopped = false;
  dropped = 0;

  constructor(connection: Connection, options: EventRecorderOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#perMinute = options.perMinute ?? 120;
    this.#seriesInterval = options.seriesInterval ?? 60_000;
    this.#budget = new Budget(this.#perMinute);
  }

  record(event: RecordedEvent): void {
    if (this.#stopped) return;
    const { regarding, type, reason, action, note } = event;
    const key = JSON.stringify([regarding, type, reason, action, note]);
    const known = this.#known.get(key);
    const now = performance.now();
    if (known !== undefined && now - known.startedAt < seriesLifetime) {
      known.count += 1;
      if (!known.queued && now - known.writtenAt >= this.#seriesInterval)
        this.#enqueue(known, () => this.#update(known));
      return;
    }
    const namespace = regarding.namespace || 'default';
    const fresh: Known = {
      path: `/apis/events.k8s.io/v1/namespaces/${namespace}/events`,
      name: nameOf(regarding.name, `${key} ${Date.now()} ${Math.random()}`),
      startedAt: now,
      count: 1,
      writtenAt: now,
      queued: false,
    };
    const body = this.#body(event, namespace, fresh.name);
    if (this.#enqueue(fresh, () => this.#create(fresh, body))) {
      this.#known.delete(key);
      this.#known.set(key, fresh);
      const oldest = this.#known.keys().next();
      if (this.#known.size > remembered && !oldest.done) this.#known.delete(oldest.value);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#queue.length = 0;
    clearTimeout(this.#timer);
  }

  #enqueue(known: Known, write: () => Promise<void>): boolean {
    if (this.#queue.length >= queueLimit) {
      this.dropped += 1;
      return false;
    }
    known.queued = true;
    this.#queue.push(async () => {
      known.queued = false;
      await write();
    });
    void this.#work();
    return true;
  }

  async #work(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    while (this.#queue.length > 0 && this.#budget.take()) await this.#queue.shift()?.();
    this.#working = false;
    if (this.#queue.length === 0 || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), 60_000 / this.#perMinute);
    this.#timer.unref();
  }

  async #create(known: Known, body: object): Promise<void> {
    const sent = await this.#connection.send('POST', known.path, body);
    if (!sent.ok) this.#failed(sent.error);
    known.writtenAt = performance.now();
  }

  async #update(known: Known): Promise<void> {
    const series = { count: known.count, lastObservedTime: microTime() };
    const sent = await this.#connection.send(
      'PATCH',
      `${known.path}/${known.name}`,
      { series },
      { contentType: 'application/merge-patch+json' },
    );
    if (!sent.ok) this.#failed(sent.error);
    known.writtenAt = performance.now();
  }

  #failed(fault: ClusterFault): void {
    this.dropped += 1;
    this.#options.onFault?.(fault);
  }

  #body({ regarding, type, reason, action, note }: RecordedEvent, namespace: string, name: string): object {
    const { apiVersion, kind, uid } = regarding;
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { namespace, name },
      eventTime: microTime(),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance,
      regarding: {
        apiVersion,
        kind,
        namespace: regarding.namespace,
        name: regarding.name,
        ...(uid === undefined ? {} : { uid }),
      },
      type,
      reason,
      action,
      note: shorten(note),
    };
  }
}

/** So many a minute, unused ones saved up for one minute. */
class Budget {
  readonly #perMinute: number;
  #left: number;
  #countedAt = performance.now();

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
    this.#left = perMinute;
  }

  take(): boolean {
    const now = performance.now();
    const earned = ((now - this.#countedAt) / 60_000) * this.#perMinute;
    this.#left = Math.min(this.#perMinute, this.#left + earned);
    this.#countedAt = now;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}

/** Unique, and in front what people look for. */
function nameOf(subject: string, content: string): string {
  return `${subject.slice(0, 200)}.${createHash('sha256').update(content).digest('hex').slice(0, 16)}`;
}

function shorten(note: string): string {
  if (Buffer.byteLength(note) <= noteLimit) return note;
  // A character that is cut in two is left out.
  const cut = new TextDecoder('utf-8').decode(Buffer.from(note).subarray(0, noteLimit - 4)).replace(/\uFFFD$/, '');
  return `${cut}…`;
}

/** A MicroTime. */
function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z');
}
