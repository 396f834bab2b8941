import type { ObjectKey } from '../../../diagnostics/origin.ts';
import { isRecord } from '../../../lib/values.ts';
import { type ConditionState, mergeConditions } from './condition.ts';
import { type Judged, judge } from './judge.ts';
import type { ObservedShare } from './settling-shares.ts';
import type { StatusSource, StatusSubject } from './source.ts';

/** A status that differs from what the object has. */
export interface StatusWrite {
  readonly subject: StatusSubject;
  /** The fields of `status` that are ours. */
  readonly status: {
    readonly conditions?: readonly unknown[];
    readonly backends?: readonly { readonly service: string; readonly observedPercent: number }[];
  };
  /** Conditions that say something else than before. */
  readonly news: readonly ConditionState[];
}

/** An object that was written a moment ago may be written again at once. */
const quietMillis = 500;
/** A change usually lands sooner, and is then told by one write instead of two. */
const pendingMillis = 3_000;

interface Known {
  generation: number;
  changedAt: number;
  /** The state of the object that our last write was based on: until the watch shows another, it is not written again. */
  basedOn?: string;
  /** The state of the object that said what it should while nothing was wrong. */
  settled?: string;
}

/** Decides which statuses are to be written: as few as possible, since each write changes the version of the object. */
export class StatusPlan {
  readonly #source: StatusSource;
  readonly #now: () => number;
  readonly #known = new Map<ObjectKey, Known>();
  readonly #shares = new Map<ObjectKey, readonly ObservedShare[]>();

  constructor(source: StatusSource, now: () => number = Date.now) {
    this.#source = source;
    this.#now = now;
  }

  /** What is observed of a split, to be written with the next look. */
  observed(split: ObjectKey, shares: readonly ObservedShare[]): void {
    this.#shares.set(split, shares);
  }

  /** What is to be written now, and whether something has to wait for a later look. */
  look(): { readonly writes: readonly StatusWrite[]; readonly later: boolean } {
    const source = this.#source;
    const findings = Map.groupBy(source.findings(), ({ origin }) => origin?.object);
    const refusals = Map.groupBy(source.refusals(), ({ object }) => object);
    const refused = source.refused();
    const unapplied = source.unapplied();
    const seen = new Set<ObjectKey>();
    const writes: StatusWrite[] = [];
    let later = false;
    for (const subject of source.subjects()) {
      const { key } = subject;
      seen.add(key);
      const known = this.#follow(subject);
      if (known.basedOn === subject.resourceVersion) continue;
      const because = unapplied.get(key);
      const judged: Judged = {
        findings: findings.get(key) ?? [],
        refused: refused.has(key),
        refusals: refusals.get(key) ?? [],
        landed: source.landed(subject),
        translated: source.translated,
        ...(because === undefined ? {} : { unapplied: because }),
      };
      const calm = isCalm(judged) && !this.#shares.has(key);
      // Of many thousand objects nearly all are so.
      if (calm && known.settled === subject.resourceVersion) continue;
      const write = this.#write(subject, judged);
      if (write === undefined) {
        if (calm) known.settled = subject.resourceVersion;
        continue;
      }
      if (this.#mayWait(known, judged)) later = true;
      else writes.push(write);
    }
    for (const key of this.#known.keys()) {
      if (seen.has(key)) continue;
      this.#known.delete(key);
      this.#shares.delete(key);
    }
    return { writes, later };
  }

  /** The apiserver has taken a write. */
  written({ subject, status }: StatusWrite): void {
    const known = this.#known.get(subject.key);
    if (known !== undefined) known.basedOn = subject.resourceVersion;
    if (status.backends !== undefined) this.#shares.delete(subject.key);
  }

  #follow({ key, generation }: StatusSubject): Known {
    const known = this.#known.get(key);
    if (known?.generation === generation) return known;
    const next = { generation, changedAt: this.#now() };
    this.#known.set(key, next);
    return next;
  }

  #write(subject: StatusSubject, judged: Judged): StatusWrite | undefined {
    const before = isRecord(subject.status) ? subject.status : {};
    const now = new Date(this.#now());
    const merged = mergeConditions(before.conditions, judge(judged), subject.generation, now);
    const shares = this.#shares.get(subject.key);
    if (merged === undefined && shares === undefined) return undefined;
    return {
      subject,
      news: merged?.news ?? [],
      status: {
        ...(merged === undefined ? {} : { conditions: merged.conditions }),
        ...(shares === undefined ? {} : { backends: backendsOf(shares) }),
      },
    };
  }

  #mayWait({ changedAt }: Known, { refused, refusals, landed, unapplied }: Judged): boolean {
    const age = this.#now() - changedAt;
    if (age < quietMillis) return true;
    return !landed && !refused && refusals.length === 0 && unapplied === undefined && age < pendingMillis;
  }
}

function isCalm({ findings, refused, refusals, landed, unapplied }: Judged): boolean {
  return landed && !refused && findings.length === 0 && refusals.length === 0 && unapplied === undefined;
}

function backendsOf(shares: readonly ObservedShare[]): NonNullable<StatusWrite['status']['backends']> {
  return shares.map(({ backend, percent }) => ({
    service: backend.slice(backend.indexOf('/') + 1),
    observedPercent: percent,
  }));
}
