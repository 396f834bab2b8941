/** Where something runs; empty when not known. */
export interface Locality {
  readonly region: string;
  readonly zone: string;
}

export interface LocalityPreference {
  readonly own: Locality;
  /** Own zone first, then own region. */
  readonly preferLocal: boolean;
  /** Regions or zones that come next, in this order, before the rest. */
  readonly failover: readonly string[];
}

/** Sorts into tiers, the nearest first; none is empty. Without a preference all are in one. */
export function tiersOf<T>(
  items: readonly T[],
  localityOf: (item: T) => Locality,
  preference: LocalityPreference,
): readonly (readonly T[])[] {
  const byRank = new Map<number, T[]>();
  for (const item of items) {
    const rank = rankOf(localityOf(item), preference);
    const tier = byRank.get(rank);
    if (tier === undefined) byRank.set(rank, [item]);
    else tier.push(item);
  }
  return [...byRank].sort(([a], [b]) => a - b).map(([, tier]) => tier);
}

function rankOf(locality: Locality, { own, preferLocal, failover }: LocalityPreference): number {
  const { region, zone } = locality;
  const sameRegion = region === own.region;
  if (preferLocal && zone !== '' && zone === own.zone && sameRegion) return 0;
  if (preferLocal && region !== '' && sameRegion) return 1;
  const listed = failover.findIndex((name) => name === zone || name === region);
  return 2 + (listed < 0 ? failover.length : listed);
}

/** A tier takes all that it is given as long as this many times its healthy share is at least 1. */
const overprovisioning = 1.4;

/**
 * The shares of requests that tiers get, in order; they add up to 1. A tier loses requests to the next only when less than
 * 1/1.4 of its endpoints are healthy; all are 0 when none is.
 */
export function sharesOf(tiers: readonly { readonly healthy: number; readonly total: number }[]): readonly number[] {
  const able = tiers.map(({ healthy, total }) => Math.min(1, (overprovisioning * healthy) / total));
  const sum = Math.min(
    1,
    able.reduce((a, b) => a + b, 0),
  );
  let left = sum === 0 ? 0 : 1;
  return able.map((share) => {
    const taken = Math.min(left, share / sum || 0);
    left -= taken;
    return taken;
  });
}
