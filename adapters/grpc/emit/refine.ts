import type { PolicyLayer, RequestPolicy } from '../../../src/model/policy.ts';
import { assembled, fieldsInForce } from '../../../src/model/policy-fields.ts';
import { both, type CallMatch, callMatch } from './match.ts';

export interface Refined {
  readonly match: CallMatch;
  readonly fields: RequestPolicy;
}

type Layer = PolicyLayer<RequestPolicy>;

/** Layers with matches multiply routes; those behind these many apply only as far as they cover every call. */
const refiningLayers = 6;

/**
 * A route for each combination of policies that can cover a call of the match, the most specific first, so that the first
 * route that matches has the policy in force.
 */
export function refine(match: CallMatch, layers: readonly Layer[], host: string): readonly Refined[] {
  const refining = layers.filter(({ matches }) => matches !== 'any').slice(0, refiningLayers);
  const used = layers.filter((layer) => layer.matches === 'any' || refining.includes(layer));
  return combinations(match, used, host, []);
}

function combinations(
  match: CallMatch,
  [layer, ...rest]: readonly Layer[],
  host: string,
  applied: readonly Layer[],
): readonly Refined[] {
  if (layer === undefined) return [{ match, fields: assembled<RequestPolicy>(fieldsInForce(applied)) }];
  if (layer.matches === 'any') return combinations(match, rest, host, [...applied, layer]);
  const covered = layer.matches.flatMap((asked) => {
    const open = callMatch(asked, host);
    const narrowed = open && both(match, open);
    return narrowed === undefined ? [] : combinations(narrowed, rest, host, [...applied, layer]);
  });
  return [...covered, ...combinations(match, rest, host, applied)];
}
