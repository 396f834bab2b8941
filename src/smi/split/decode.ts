import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { tooManyEntries } from '../entry-limits.ts';
import { smiMeta } from '../meta.ts';
import type { TrafficSplit } from '../types.ts';
import { wholeWeights } from './weights.ts';

/** Proxies add weights up in 32 bits. */
const totalLimit = 0xffff_ffff;

/**
 * v1alpha1 to v1alpha4, after the schema has accepted it. Weights are quantities in v1alpha1 and whole numbers later;
 * `matches` exist from v1alpha3.
 */
interface WireTrafficSplit {
  readonly spec: {
    readonly service: string;
    readonly backends: readonly { readonly service: string; readonly weight: number | string }[];
    readonly matches?: readonly { readonly kind: string; readonly name: string }[];
  };
}

export function decodeTrafficSplit(document: SourceDocument): Decoded<TrafficSplit> {
  const { spec } = document.object as unknown as WireTrafficSplit;
  const excess = tooManyEntries(document, [
    { limit: 'splitMatches', path: 'spec.matches', count: spec.matches?.length ?? 0 },
    { limit: 'splitBackends', path: 'spec.backends', count: spec.backends.length },
  ]);
  if (excess.length > 0) return { diagnostics: excess };
  const origin = { object: document.key, path: 'spec.backends' };
  const weights = wholeWeights(spec.backends.map(({ weight }) => weight));
  if (!weights.ok) return { diagnostics: [diagnostic('SMI2004', { ...weights.error, origin })] };
  const total = weights.value.reduce((sum, weight) => sum + weight, 0);
  if (total > totalLimit) {
    const message = `the weights of spec.backends add up to ${total}, more than ${totalLimit}`;
    const hint = 'Divide all weights by the same number: only their ratio counts.';
    return { diagnostics: [diagnostic('SMI2004', { message, hint, origin })] };
  }
  const value: TrafficSplit = {
    meta: smiMeta(document),
    service: spec.service,
    backends: spec.backends.map(({ service }, index) => ({ service, weight: weights.value[index] ?? 0 })),
    ...(spec.matches === undefined ? {} : { matches: spec.matches.map(({ kind, name }) => ({ kind, name })) }),
  };
  return { value, diagnostics: [] };
}
