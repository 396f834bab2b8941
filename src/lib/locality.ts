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
