import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { SourceDocument } from '../../source/types.ts';
import type { Decoded } from '../decoded.ts';
import { smiMeta } from '../meta.ts';
import type { TrafficSplit } from '../types.ts';

/** Proxies add weights up in 32 bits. */
const totalLimit = 0xffff_ffff;

/** v1alpha2 to v1alpha4, after the schema has accepted it. They differ only in `matches`, which v1alpha2 does not have. */
interface WireTrafficSplit {
  readonly spec: {
    readonly service: string;
    readonly backends: readonly { readonly service: string; readonly weight: number }[];
    readonly matches?: readonly { readonly kind: string; readonly name: string }[];
  };
}

export function decodeTrafficSplit(document: SourceDocument): Decoded<TrafficSplit> {
  const { spec } = document.object as unknown as WireTrafficSplit;
  const total = spec.backends.reduce((sum, { weight }) => sum + weight, 0);
  if (total > totalLimit) {
    const message = `the weights of spec.backends add up to ${total}, more than ${totalLimit}`;
    const hint = 'Divide all weights by the same number: only their ratio counts.';
    const origin = { object: document.key, path: 'spec.backends' };
    return { diagnostics: [diagnostic('SMI2004', { message, hint, origin })] };
  }
  const value: TrafficSplit = {
    meta: smiMeta(document),
    service: spec.service,
    backends: spec.backends.map(({ service, weight }) => ({ service, weight })),
    ...(spec.matches === undefined || document.apiVersion.endsWith('/v1alpha2')
      ? {}
      : { matches: spec.matches.map(({ kind, name }) => ({ kind, name })) }),
  };
  return { value, diagnostics: [] };
}
