import type { EmitContext, MeshModel, OutboundRule, WorkloadSetId } from '../../../src/adapter/index.ts';
import type { IstioOptions } from '../options.ts';
import type { Fields } from './object.ts';
import { placesOf } from './places.ts';

/** The callers that a rule is about: parts of a match, of which one must hold. */
export function callersOf(
  model: MeshModel,
  { from, origins }: OutboundRule,
  { options, report }: EmitContext<IstioOptions>,
): readonly Fields[] {
  if (from === 'any') return [{}];
  return from.flatMap((source): readonly Fields[] => {
    if (!source.includes('/')) return [{ sourceNamespace: source }];
    const places = placesOf(model, source as WorkloadSetId, { options });
    if (places === undefined) return [];
    if (places.unreached.length > 0) {
      const text = `a rule for ${places.unreached.map(({ id }) => id).join(', ')} is left out: no labels tell them from pods of other accounts`;
      report?.({ feature: 'client-rules', kind: 'dropped', text, origins });
    }
    return places.selectors.map(({ selector }) => ({ sourceNamespace: places.namespace, sourceLabels: selector }));
  });
}
