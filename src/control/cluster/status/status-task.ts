import { setTimeout as delay } from 'node:timers/promises';
import { type ObjectKey, parseObjectKey } from '../../../diagnostics/origin.ts';
import type { Connection } from '../../../kubernetes-client/connect.ts';
import type { EventRecorder } from '../../../kubernetes-client/event-recorder.ts';
import type { LeaderTask } from '../leader-task.ts';
import { isBad } from './judge.ts';
import { type BackendCounts, SettlingShares } from './settling-shares.ts';
import type { StatusSource } from './source.ts';
import { StatusPlan, type StatusWrite } from './status-plan.ts';

export interface StatusTaskOptions {
  readonly source: StatusSource;
  readonly recorder: EventRecorder;
  /** Requests that the mesh has counted for the backends of splits, since any moment. */
  readonly count: (splits: readonly ObjectKey[]) => Promise<ReadonlyMap<ObjectKey, BackendCounts>>;
  /** Writes that the apiserver refused for good, told once each. */
  readonly onRefused: (object: ObjectKey, because: string) => void;
}

const lookMillis = 250;
const countMillis = 5_000;
/** In one look; what is left is written at the next ones. */
const maxWrites = 20;

/** Writes the status of objects as long as this replica leads. */
export function statusTask(options: StatusTaskOptions): LeaderTask {
  return { name: 'status', run: (connection, signal) => new StatusLoop(options, connection).run(signal) };
}

class StatusLoop {
  readonly #options: StatusTaskOptions;
  readonly #connection: Connection;
  readonly #plan: StatusPlan;
  readonly #shares = new SettlingShares();
  #dirty = true;
  /** Something has not landed at all replicas: of that nobody tells. */
  #open = false;
  #countedAt = 0;

  constructor(options: StatusTaskOptions, connection: Connection) {
    this.#options = options;
    this.#connection = connection;
    this.#plan = new StatusPlan(options.source);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { source } = this.#options;
    const unwatch = source.watch(() => {
      this.#dirty = true;
    });
    try {
      this.#shares.wanted(source.weights(), true);
      while (!signal.aborted) {
        if (this.#dirty || this.#open) await this.#refresh();
        if (this.#dirty) await this.#look();
        await this.#followShares();
        await delay(lookMillis, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      unwatch();
    }
  }

  async #refresh(): Promise<void> {
    const { landed, open } = await this.#options.source.refresh();
    this.#open = open;
    if (landed) this.#dirty = true;
  }

  async #look(): Promise<void> {
    this.#dirty = false;
    this.#shares.wanted(this.#options.source.weights(), false);
    const { writes, later } = this.#plan.look();
    this.#dirty = later || writes.length > maxWrites;
    await Promise.all(writes.slice(0, maxWrites).map((write) => this.#write(write)));
  }

  /** A write is of the object as it was judged: one that has changed since, or a leader that was frozen, writes nothing. */
  async #write(write: StatusWrite): Promise<void> {
    const { key, path, resourceVersion } = write.subject;
    const body = { metadata: { resourceVersion }, status: write.status };
    const contentType = 'application/merge-patch+json';
    const sent = await this.#connection.send('PATCH', `${path}/status`, body, { contentType });
    if (sent.ok) {
      this.#plan.written(write);
      this.#tell(write);
      return;
    }
    const { status, diagnostic } = sent.error;
    // Changed or gone meanwhile: the watch tells.
    if (status === 409 || status === 404) return;
    if (status === undefined || status >= 500 || status === 429) throw new Error(diagnostic.message);
    this.#options.onRefused(key, diagnostic.message);
    this.#plan.written(write);
  }

  /** What is wrong from now on becomes an Event; what a former leader wrote into the status it has told. */
  #tell({ subject, news }: StatusWrite): void {
    const { kind, namespace, name } = parseObjectKey(subject.key);
    const regarding = { apiVersion: subject.apiVersion, kind, namespace, name, uid: subject.uid };
    for (const condition of news) {
      if (!isBad(condition)) continue;
      const { type, reason, message } = condition;
      this.#options.recorder.record({ regarding, type: 'Warning', reason, action: type, note: message });
    }
  }

  async #followShares(): Promise<void> {
    const { settling } = this.#shares;
    if (settling.length === 0 || Date.now() - this.#countedAt < countMillis) return;
    this.#countedAt = Date.now();
    const counted = await this.#options.count(settling);
    for (const [split, counts] of counted) this.#shares.counted(split, counts);
    for (const split of settling) {
      const shares = this.#shares.due(split);
      if (shares === undefined) continue;
      this.#plan.observed(split, shares);
      this.#dirty = true;
    }
  }
}
