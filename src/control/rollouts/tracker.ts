import type { ProxyLanding, Rollout, RolloutStart } from './rollout.ts';
import { Watchers } from './watchers.ts';

export interface TrackerOptions {
  readonly now?: () => number;
  /** A rollout has landed everywhere. */
  readonly onLanded?: (rollout: Rollout) => void;
}

/** How far a connected proxy is. */
export interface ProxyProgress {
  /** The load of which it has everything; absent while there is none. */
  readonly generation?: number;
  /** When it had everything last. */
  readonly landedAt?: number;
  /** Since when it lacks something, if it does. */
  readonly waitingSince?: number;
}

interface NodeProgress {
  /** The first rollout that it takes part in: what had landed everywhere before it came is no longer its concern. */
  readonly joined: number;
  readonly connectedAt: number;
  /** The latest rollout that it has in full; 0: none yet. */
  landed: number;
  generation: number | undefined;
  landedAt: number | undefined;
  /** When it was first sent something of what it still lacks. */
  sentAt: number | undefined;
  /** Responses that it has not answered yet. */
  unanswered: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const maxRollouts = 100;
const maxSlowest = 10;
/** A proxy that takes something new asks for what that names only then: so long it must stay without a wish to count. */
const restMillis = 50;

/**
 * Which connected proxy has which publication. A proxy that has answered everything has the latest one; one
 * that never rests counts as behind until it does.
 */
export class RolloutTracker {
  readonly #now: () => number;
  readonly #onLanded: ((rollout: Rollout) => void) | undefined;
  readonly #nodes = new Map<string, NodeProgress>();
  readonly #behind = new Set<string>();
  /** Those of them that lack nothing, and since when. */
  readonly #resting = new Map<string, number>();
  readonly #rollouts: Mutable<Rollout>[] = [];
  readonly #watchers = new Watchers();
  /** Published in this turn of the event loop: who is sent something now is sent it because of this. */
  #undecided: Mutable<Rollout> | undefined;
  #sweep: NodeJS.Timeout | undefined;

  constructor({ now = Date.now, onLanded }: TrackerOptions) {
    this.#now = now;
    this.#onLanded = onLanded;
  }

  /** The last ones, oldest first. */
  get rollouts(): readonly Rollout[] {
    return this.#rollouts;
  }

  get connectedNodes(): number {
    return this.#nodes.size;
  }

  get latest(): Rollout | undefined {
    return this.#rollouts.at(-1);
  }

  /** To be called when every view holds the change, before anything of it is sent. */
  published(start: RolloutStart): Rollout {
    const id = (this.latest?.id ?? 0) + 1;
    const rollout: Mutable<Rollout> = {
      ...start,
      id,
      publishedAt: this.#now(),
      touched: 0,
      landed: 0,
      lost: 0,
      slowest: [],
    };
    this.#rollouts.push(rollout);
    if (this.#rollouts.length > maxRollouts) this.#rollouts.shift();
    rollout.touched = this.#behind.size;
    // Streams send what changed in the next turn of the event loop; whom nothing was sent has everything.
    this.#undecided = rollout;
    setImmediate(() => this.#decide(rollout));
    return rollout;
  }

  connected(node: string): void {
    if (this.#nodes.has(node)) return;
    const latest = this.#rollouts.at(-1);
    const joins = latest !== undefined && isOpen(latest);
    this.#nodes.set(node, {
      joined: joins ? latest.id : (latest?.id ?? 0) + 1,
      connectedAt: this.#now(),
      landed: 0,
      generation: undefined,
      landedAt: undefined,
      sentAt: undefined,
      unanswered: 0,
    });
    this.#behind.add(node);
    if (joins) latest.touched += 1;
    // One that returns with everything that it should have is sent nothing.
    this.#rests(node);
    this.#watchers.changed();
  }

  /** Its last stream is closed. */
  disconnected(node: string): void {
    const progress = this.#nodes.get(node);
    this.#nodes.delete(node);
    this.#resting.delete(node);
    if (progress === undefined || !this.#behind.delete(node)) return;
    for (const rollout of this.#owed(progress)) {
      rollout.lost += 1;
      this.#complete(rollout);
    }
    this.#watchers.changed();
  }

  sent(node: string): void {
    const progress = this.#nodes.get(node);
    if (progress === undefined) return;
    const now = this.#now();
    progress.unanswered += 1;
    this.#resting.delete(node);
    if (!this.#behind.has(node)) {
      this.#behind.add(node);
      if (this.#undecided !== undefined) this.#undecided.touched += 1;
    }
    progress.sentAt ??= now;
    for (const rollout of this.#owed(progress)) {
      rollout.firstSentAt ??= now;
      rollout.lastSentAt = now;
    }
  }

  /** The node has taken or refused a response. */
  answered(node: string): void {
    const progress = this.#nodes.get(node);
    if (progress === undefined) return;
    progress.unanswered = Math.max(0, progress.unanswered - 1);
    if (progress.unanswered === 0) this.#rests(node);
  }

  /** One of the node's streams is closed, and another goes on: what is unanswered there is known best by the server. */
  streamClosed(node: string, unanswered: number): void {
    const progress = this.#nodes.get(node);
    if (progress === undefined) return;
    progress.unanswered = unanswered;
    if (unanswered === 0) this.#rests(node);
  }

  stop(): void {
    clearTimeout(this.#sweep);
    this.#watchers.clear();
  }

  /** Connected proxies that do not have a publication yet. */
  missing(id: number): readonly string[] {
    if (this.#undecided !== undefined && id >= this.#undecided.id) return [...this.#nodes.keys()];
    return [...this.#behind].filter((node) => (this.#nodes.get(node)?.landed ?? 0) < id);
  }

  progressOf(node: string): ProxyProgress | undefined {
    const progress = this.#nodes.get(node);
    if (progress === undefined) return undefined;
    const { generation, landedAt, sentAt, connectedAt } = progress;
    return {
      ...(generation === undefined ? {} : { generation }),
      ...(landedAt === undefined ? {} : { landedAt }),
      ...(this.#behind.has(node) ? { waitingSince: sentAt ?? connectedAt } : {}),
    };
  }

  /** Tells of changes, several of one moment together, until the returned function is called. */
  watch(watcher: () => void): () => void {
    return this.#watchers.add(watcher);
  }

  #decide(rollout: Mutable<Rollout>): void {
    if (this.#undecided === rollout) this.#undecided = undefined;
    for (const [node, progress] of this.#nodes) {
      if (this.#behind.has(node) || progress.landed >= rollout.id) continue;
      progress.landed = rollout.id;
      progress.generation = rollout.generation;
    }
    if (rollout.touched === 0) this.#onLanded?.(rollout);
    this.#watchers.changed();
  }

  #rests(node: string): void {
    if (!this.#behind.has(node)) return;
    this.#resting.set(node, this.#now());
    this.#sweep ??= setTimeout(() => this.#sweepResting(), restMillis);
  }

  #sweepResting(): void {
    this.#sweep = undefined;
    const due = this.#now() - restMillis;
    for (const [node, since] of this.#resting) {
      if (since > due) continue;
      this.#resting.delete(node);
      this.#land(node, since);
    }
    if (this.#resting.size > 0) this.#sweep = setTimeout(() => this.#sweepResting(), restMillis);
  }

  #land(node: string, landedAt: number): void {
    const progress = this.#nodes.get(node);
    if (progress === undefined) return;
    const { sentAt } = progress;
    const landing: ProxyLanding = { node, landedAt, ...(sentAt === undefined ? {} : { sentAt }) };
    this.#behind.delete(node);
    for (const rollout of this.#owed(progress)) {
      rollout.landed += 1;
      rollout.lastLandedAt = Math.max(rollout.publishedAt, landedAt);
      rollout.slowest = [landing, ...rollout.slowest].slice(0, maxSlowest);
      this.#complete(rollout);
    }
    progress.landed = this.latest?.id ?? 0;
    progress.generation = this.latest?.generation;
    progress.landedAt = landedAt;
    progress.sentAt = undefined;
    this.#watchers.changed();
  }

  /** The rollouts that a proxy takes part in and has not landed yet, latest first. */
  *#owed({ landed, joined }: NodeProgress): Generator<Mutable<Rollout>> {
    for (let at = this.#rollouts.length - 1; at >= 0; at -= 1) {
      const rollout = this.#rollouts[at]!;
      if (rollout.id <= landed || rollout.id < joined) return;
      yield rollout;
    }
  }

  #complete(rollout: Rollout): void {
    if (!isOpen(rollout)) this.#onLanded?.(rollout);
  }
}

function isOpen({ touched, landed, lost }: Rollout): boolean {
  return landed + lost < touched;
}
