import type { ObjectKey } from '../../diagnostics/origin.ts';

/** Why configuration was published: the files or the objects of a cluster say something else, or other local pods run. */
export type RolloutCause = 'files' | 'pods' | 'cluster';

/** What is known of a change before it is published. Times are milliseconds since the epoch. */
export interface RolloutStart {
  /** The load that it belongs to. */
  readonly generation: number;
  readonly cause: RolloutCause;
  /** Objects that say something else; a bounded part of a long list. */
  readonly changed: readonly ObjectKey[];
  /** When the latest of the files was written. */
  readonly savedAt?: number;
  readonly noticedAt?: number;
  /** Reading and compiling began. */
  readonly startedAt: number;
  readonly compiledAt: number;
}

/** One proxy's part in a rollout. */
export interface ProxyLanding {
  readonly node: string;
  /** When the first change was sent to it. */
  readonly sentAt?: number;
  /** When it had taken, or refused, everything. */
  readonly landedAt: number;
}

/** One publication and how far it has got. */
export interface Rollout extends RolloutStart {
  /** Counts publications, from 1. */
  readonly id: number;
  readonly publishedAt: number;
  readonly firstSentAt?: number;
  readonly lastSentAt?: number;
  readonly lastLandedAt?: number;
  /** Proxies to which something had to be sent. */
  readonly touched: number;
  readonly landed: number;
  /** Proxies that left before they had everything. */
  readonly lost: number;
  /** Those that took longest from the publication, slowest first. */
  readonly slowest: readonly ProxyLanding[];
}

/** Where the time went, in milliseconds; a phase that did not happen is absent. */
export interface RolloutDurations {
  /** From the save to the moment when reading began. */
  readonly watch?: number;
  /** Reading and compiling. */
  readonly compile: number;
  /** From the model to the last batch that was sent. */
  readonly push?: number;
  /** From then to the last answer. */
  readonly ack?: number;
  /** From the save, or from the start of reading where that is not known. */
  readonly total: number;
}

/** The phases follow each other without a gap; clocks of file systems lag, so none is below zero. */
export function durationsOf(rollout: Rollout): RolloutDurations {
  const { savedAt, startedAt, compiledAt, publishedAt, lastSentAt, lastLandedAt } = rollout;
  const pushed = Math.max(publishedAt, lastSentAt ?? publishedAt);
  const between = (from: number, to: number) => Math.max(0, to - from);
  return {
    ...(savedAt === undefined ? {} : { watch: between(savedAt, startedAt) }),
    compile: between(startedAt, compiledAt),
    push: between(compiledAt, pushed),
    ...(lastLandedAt === undefined ? {} : { ack: between(pushed, lastLandedAt) }),
    total: between(savedAt ?? startedAt, Math.max(pushed, lastLandedAt ?? pushed)),
  };
}
