import type { Origin } from '../diagnostics/origin.ts';
import type { PolicyLayer, RequestPolicy } from '../model/policy.ts';
import { assembled, type FieldInForce, fieldsInForce } from '../model/policy-fields.ts';
import type { HttpMatch } from '../model/types.ts';

/** What policies together say about some requests. */
export interface MergedPolicy {
  readonly policy: RequestPolicy;
  /** Where the fields are said whose paths begin so; without `start`, all fields. */
  readonly originsOf: (start?: string) => readonly Origin[];
}

/** A combination of policies that may hold for a request. */
export interface PolicyCase extends MergedPolicy {
  /** A request is meant when one match of each list holds. */
  readonly matches: readonly (readonly HttpMatch[])[];
  /** `NAMESPACE/NAME` of the policies behind the lists. */
  readonly covering: readonly string[];
}

type Layer = PolicyLayer<RequestPolicy>;

/** Combinations of policies with matches that one service may have; of further ones only the more specific policies count. */
const maxCases = 64;

/** What holds for every request. */
export function commonPolicy(layers: readonly Layer[]): MergedPolicy {
  return merged(layers.filter(({ matches }) => matches === 'any'));
}

/**
 * Every combination of policies that a request can meet: the first whose matches hold is the request's own. The last holds
 * for all.
 */
export function policyCases(layers: readonly Layer[]): readonly PolicyCase[] {
  const cases: PolicyCase[] = [];
  const visit = (index: number, chosen: readonly Layer[]): void => {
    const layer = layers[index];
    if (layer === undefined) {
      const covering = chosen.flatMap(({ matches, policy }) => (matches === 'any' ? [] : [{ matches, policy }]));
      cases.push({
        ...merged(chosen),
        matches: covering.map(({ matches }) => matches),
        covering: covering.map(({ policy }) => policy),
      });
      return;
    }
    const narrow = layer.matches !== 'any';
    if (!narrow || (cases.length < maxCases && saysMore(chosen, layer))) visit(index + 1, [...chosen, layer]);
    if (narrow) visit(index + 1, chosen);
  };
  visit(0, []);
  return cases;
}

/** Whether a layer says a field that the more specific ones leave open. */
function saysMore(chosen: readonly Layer[], layer: Layer): boolean {
  const known = new Set(fieldsInForce(chosen).map(({ path }) => path));
  return fieldsInForce([layer]).some(({ path }) => !known.has(path));
}

function merged(layers: readonly Layer[]): MergedPolicy {
  const fields = fieldsInForce(layers);
  return {
    policy: assembled<RequestPolicy>(fields),
    originsOf: (start = '') => fields.filter((field) => begins(field, start)).flatMap(({ origins }) => origins),
  };
}

function begins({ path }: FieldInForce, start: string): boolean {
  return start === '' || path === start || path.startsWith(`${start}.`);
}
