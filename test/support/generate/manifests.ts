import fc from 'fast-check';
import type { Fields } from '../../../src/lib/values.ts';
import { kindsOf, smiGroups, versionsOf } from '../../../src/smi/versions.ts';
import { identityBinding, trafficTarget } from './access.ts';
import { trafficMetrics } from './metrics.ts';
import { withStatus } from './parts.ts';
import { httpRouteGroup, tcpRoute, udpRoute } from './specs.ts';
import { trafficSplit } from './split.ts';

export interface GeneratedKind {
  readonly group: string;
  readonly kind: string;
  /** Served versions, newest first. */
  readonly versions: readonly string[];
  /** Objects that the version's schema accepts. */
  readonly of: (version: string) => fc.Arbitrary<Fields>;
}

const generators: Readonly<Record<string, GeneratedKind['of']>> = {
  TrafficSplit: (version) => withStatus(trafficSplit(version)),
  TrafficTarget: trafficTarget,
  IdentityBinding: identityBinding,
  HTTPRouteGroup: (version) => withStatus(httpRouteGroup(version)),
  TCPRoute: tcpRoute,
  UDPRoute: udpRoute,
  TrafficMetrics: trafficMetrics,
};

/** Every kind that SMI has. */
export const generatedKinds: readonly GeneratedKind[] = smiGroups().flatMap((group) =>
  kindsOf(group).map((kind): GeneratedKind => {
    const of = generators[kind];
    if (of === undefined) throw new Error(`no generator of ${kind}`);
    return { group, kind, versions: versionsOf(group, kind)?.served ?? [], of };
  }),
);

const junk: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(null, '', 'x', -1, 0.5, 70_000, true, 'IdentityBinding'),
  fc.constant([]),
  fc.constant({}),
);

/** The object with one value somewhere below its body replaced or removed: what schemas of other meshes may have let in. */
export function damaged(objects: fc.Arbitrary<Fields>): fc.Arbitrary<Fields> {
  return fc.tuple(objects, fc.nat(), fc.option(junk, { nil: undefined })).map(([object, position, replacement]) => {
    const copy = structuredClone(object) as Record<string, unknown>;
    const places = placesIn(copy);
    const place = places[position % Math.max(places.length, 1)];
    if (place === undefined) return copy;
    if (replacement === undefined && !Array.isArray(place.parent)) delete place.parent[place.key];
    else place.parent[place.key] = replacement ?? null;
    return copy;
  });
}

interface Slot {
  readonly parent: Record<string | number, unknown>;
  readonly key: string | number;
}

function placesIn(object: Record<string, unknown>): readonly Slot[] {
  const places: Slot[] = [];
  const visit = (parent: Record<string | number, unknown>, key: string | number): void => {
    places.push({ parent, key });
    const value = parent[key];
    if (typeof value !== 'object' || value === null) return;
    for (const child of Object.keys(value)) visit(value as Record<string | number, unknown>, child);
  };
  for (const key of Object.keys(object)) if (!['apiVersion', 'kind', 'metadata'].includes(key)) visit(object, key);
  return places;
}
