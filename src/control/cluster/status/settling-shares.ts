import type { ObjectKey } from '../../../diagnostics/origin.ts';

/** Requests by backend, as `NAMESPACE/SERVICE`; counted from any moment on. */
export type BackendCounts = ReadonlyMap<string, number>;

export interface ObservedShare {
  readonly backend: string;
  /** Whole percent of the requests since the weights changed. */
  readonly percent: number;
}

interface Settling {
  readonly weights: BackendCounts;
  readonly since: number;
  /** What was counted when it began. */
  baseline: BackendCounts | undefined;
  counts: BackendCounts;
  told: readonly ObservedShare[] | undefined;
  toldAt: number;
}

const tellEveryMillis = 10_000;
/** Weights that never show, such as those of a split by hash, or without traffic. */
const giveUpMillis = 5 * 60_000;
const fewestRequests = 50;
/** Deviations of a binomial share that count as chance; one in 15 000. */
const chance = 4;

/**
 * The shares that the backends of splits are seen to get, while weights settle: from a change of weights until what is seen
 * is what is wanted, within chance. Each share told is a write to the object, which gives rollout tools conflicts: so whole
 * percents, at most once in ten seconds and once at the end, and never when nothing moved.
 */
export class SettlingShares {
  readonly #splits = new Map<ObjectKey, BackendCounts>();
  readonly #settling = new Map<ObjectKey, Settling>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Splits to count for. */
  get settling(): readonly ObjectKey[] {
    return [...this.#settling.keys()];
  }

  /** The weights in force, by split; what is new or different begins to settle, except at the first call of all. */
  wanted(splits: ReadonlyMap<ObjectKey, BackendCounts>, atStart: boolean): void {
    for (const id of this.#splits.keys()) {
      if (splits.has(id)) continue;
      this.#splits.delete(id);
      this.#settling.delete(id);
    }
    for (const [id, weights] of splits) {
      const before = this.#splits.get(id);
      if (before !== undefined && equal(before, weights)) continue;
      this.#splits.set(id, weights);
      if (atStart) continue;
      this.#settling.set(id, {
        weights,
        since: this.#now(),
        baseline: undefined,
        counts: new Map(),
        told: undefined,
        toldAt: Number.NEGATIVE_INFINITY,
      });
    }
  }

  /** What was counted for a split until now. The first count after a change of weights is what later ones are compared with. */
  counted(id: ObjectKey, counts: BackendCounts): void {
    const settling = this.#settling.get(id);
    if (settling === undefined) return;
    const { baseline } = settling;
    // A proxy that began anew, or left, has taken its count along.
    const restarted =
      baseline !== undefined && [...baseline].some(([backend, count]) => (counts.get(backend) ?? 0) < count);
    if (baseline === undefined || restarted) settling.baseline = counts;
    settling.counts = counts;
  }

  /** What is to be told now, if anything. */
  due(id: ObjectKey): readonly ObservedShare[] | undefined {
    const settling = this.#settling.get(id);
    if (settling === undefined) return undefined;
    const now = this.#now();
    const { seen, total } = seenOf(settling);
    const settled = total >= fewestRequests && isSettled(settling.weights, seen, total);
    const over = settled || now - settling.since >= giveUpMillis;
    if (over) this.#settling.delete(id);
    if (total < fewestRequests || (!over && now - settling.toldAt < tellEveryMillis)) return undefined;
    const shares = wholePercents(seen, total);
    if (settling.told !== undefined && sameShares(settling.told, shares)) return undefined;
    settling.told = shares;
    settling.toldAt = now;
    return shares;
  }
}

function seenOf({ weights, baseline, counts }: Settling): { readonly seen: BackendCounts; readonly total: number } {
  const seen = new Map(
    [...weights.keys()].map((backend) => [backend, (counts.get(backend) ?? 0) - (baseline?.get(backend) ?? 0)]),
  );
  return { seen, total: [...seen.values()].reduce((sum, count) => sum + count, 0) };
}

/** Parts of a hundred that add up to it: what rounding down leaves goes to the largest remainders. */
function wholePercents(seen: BackendCounts, total: number): readonly ObservedShare[] {
  const exact = [...seen].map(([backend, count]) => ({ backend, percent: (count / total) * 100 }));
  const left = 100 - exact.reduce((sum, { percent }) => sum + Math.floor(percent), 0);
  const favoured = new Set(exact.toSorted((a, b) => (b.percent % 1) - (a.percent % 1)).slice(0, left));
  return exact.map((share) => ({ ...share, percent: Math.floor(share.percent) + (favoured.has(share) ? 1 : 0) }));
}

/** Every share lies where chance alone could have put it. */
function isSettled(weights: BackendCounts, seen: BackendCounts, total: number): boolean {
  const sum = [...weights.values()].reduce((all, weight) => all + weight, 0);
  if (sum === 0) return false;
  return [...weights].every(([backend, weight]) => {
    const share = weight / sum;
    const deviation = Math.sqrt(share * (1 - share) * total);
    return Math.abs((seen.get(backend) ?? 0) - share * total) <= chance * deviation;
  });
}

function equal(a: BackendCounts, b: BackendCounts): boolean {
  return a.size === b.size && [...a].every(([backend, weight]) => b.get(backend) === weight);
}

function sameShares(a: readonly ObservedShare[], b: readonly ObservedShare[]): boolean {
  return (
    a.length === b.length && a.every(({ backend, percent }, i) => b[i]?.backend === backend && b[i].percent === percent)
  );
}
