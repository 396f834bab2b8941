import type { Support, Translator } from '../../adapter/contract.ts';
import { type Feature, features } from '../../adapter/features.ts';
import { featureUses } from '../../adapter/losses.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import type { TrafficRequest } from '../../model/decision.ts';
import type { MeshModel } from '../../model/types.ts';
import { OriginIndex } from '../origin-index.ts';
import type { Translation } from '../translate.ts';

/** What a translation says of differences: those that nobody has stated are faults. */
export interface Stated {
  /** Whether less may be let in by what these fields say. */
  narrower(origins: readonly Origin[]): boolean;
  /** Whether some of the features is lost where these fields ask for it. */
  lost(some: readonly Feature[], origins: readonly Origin[]): boolean;
  /** Whether some of the features is not exact anywhere. */
  inexact(some: readonly Feature[]): boolean;
  /** The target asks nobody, and somebody else lets requests in or not. */
  isOpen(kind: TrafficRequest['kind']): boolean;
}

const ofAccess = /^access-|^match-|^end-user|^tls-|^plain-|^mutual-/;

/**
 * Of the support table entries about a whole protocol excuse nothing: every request would be excused by them. What a table
 * says is reported case by case counts where it is reported.
 */
const general: readonly Feature[] = ['http-routing', 'tcp-routing', 'udp-routing', 'mutual-tls'];

interface Lost {
  readonly feature: Feature;
  readonly narrows: boolean;
}

export function statedBy({ support }: Translator, { losses }: Translation, model: MeshModel): Stated {
  const index = new OriginIndex<Lost>();
  for (const { feature, kind, origins } of losses) index.add(origins, { feature, narrows: kind !== 'changed' });
  const inexact = new Set(features.filter((feature) => !isExact(support[feature])));
  for (const { feature, origins } of featureUses(model)) {
    if (inexact.has(feature) && !general.includes(feature)) {
      index.add(origins, { feature, narrows: ofAccess.test(feature) });
    }
  }
  return {
    narrower: (origins) => [...index.touching(origins)].some(({ narrows }) => narrows),
    lost: (some, origins) => [...index.touching(origins)].some(({ feature }) => some.includes(feature)),
    inexact: (some) => some.some((feature) => inexact.has(feature)),
    isOpen: (kind) =>
      support['access-identity'].level === 'none' || (kind === 'udp' && support['access-udp'].level === 'none'),
  };
}

/** As far as the table alone can tell. */
function isExact(support: Support): boolean {
  return support.level === 'exact' || (support.level === 'approximate' && support.reported === true);
}
