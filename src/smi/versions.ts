import { closest } from '../lib/suggest.ts';

/** The kinds of SMI in each group, and how far each version of them is served. */
interface KindVersions {
  /** Newest first; the first is the hub. */
  readonly served: readonly string[];
  /** Versions of the draft of SMI, which no release of it has. */
  readonly known: readonly string[];
}

const all = ['v1alpha4', 'v1alpha3', 'v1alpha2', 'v1alpha1'];
const draft = ['v1alpha5-draft'];

const kinds: Readonly<Record<string, Readonly<Record<string, KindVersions>>>> = {
  'split.smi-spec.io': {
    TrafficSplit: { served: all, known: draft },
  },
  'access.smi-spec.io': {
    TrafficTarget: { served: all, known: [] },
    IdentityBinding: { served: ['v1alpha4'], known: [] },
  },
  'specs.smi-spec.io': {
    HTTPRouteGroup: { served: all, known: draft },
    TCPRoute: { served: all, known: draft },
    UDPRoute: { served: ['v1alpha4'], known: draft },
  },
  'metrics.smi-spec.io': {
    TrafficMetrics: { served: ['v1alpha2', 'v1alpha1'], known: [] },
  },
};

export function isSmiGroup(group: string): boolean {
  return group.endsWith('.smi-spec.io');
}

/**
 * Whether an object is meant for SMI: of one of its groups, or of a kind that only SMI has under a group that looks like
 * a slip of the pen (`split.smi-spec.oi`, or none at all). Other groups have kinds of the same names.
 */
export function concernsSmi(group: string, kind: string): boolean {
  if (isSmiGroup(group)) return true;
  const isKind = smiGroups().some((candidate) => kindsOf(candidate).includes(kind));
  return isKind && (group === 'core' || closest(group, smiGroups()) !== undefined);
}

export function smiGroups(): readonly string[] {
  return Object.keys(kinds);
}

export function kindsOf(group: string): readonly string[] {
  return Object.keys(kinds[group] ?? {});
}

/** `undefined` for a kind that SMI does not have. */
export function versionsOf(group: string, kind: string): KindVersions | undefined {
  return Object.hasOwn(kinds, group) && Object.hasOwn(kinds[group] ?? {}, kind) ? kinds[group]?.[kind] : undefined;
}
