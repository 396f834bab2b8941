import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { nonEmpty } from '../../lib/collections.ts';
import { closest } from '../../lib/suggest.ts';
import type { HttpMatch } from '../../model/types.ts';
import type { PolicyMatch, TrafficPolicy } from '../../policy/types.ts';
import { reportMissing } from '../missing.ts';
import type { CompileState, PassContext } from '../state.ts';
import { at } from '../state.ts';
import type { Coverage } from './types.ts';

/** What the matches of a policy resolve to. */
export function coverageOf(
  policy: TrafficPolicy,
  state: Pick<CompileState, 'matches'>,
  context: PassContext,
): Coverage {
  if (policy.matches === undefined) return { client: 'any', server: 'any' };
  const found = policy.matches.map((match, position) => resolve(policy, match, position, state, context));
  const usable = nonEmpty([...new Set(found.flat().flatMap((each) => each ?? []))]);
  const complete = found.flat().every((each) => each !== undefined);
  if (usable === undefined || !complete) reportUnresolved(policy, usable !== undefined, context);
  return {
    ...(usable === undefined ? {} : { client: usable }),
    server: usable !== undefined && complete ? usable : 'any',
  };
}

/** The matches that a reference names, and nothing for each that cannot be used. */
function resolve(
  policy: TrafficPolicy,
  { kind, name, matches }: PolicyMatch,
  position: number,
  state: Pick<CompileState, 'matches'>,
  context: PassContext,
): readonly (HttpMatch | undefined)[] {
  const { namespace } = policy.meta;
  const path = `spec.matches[${position}]`;
  const id = `${namespace}/${name}`;
  const group = state.matches.get(id);
  if (group === undefined) {
    const reference = { group: 'specs.smi-spec.io', kind, namespace, name, origin: at(policy, `${path}.name`) };
    const known = context.names.routeGroups.get(namespace) ?? [];
    reportMissing({ code: 'SMI3004', ...reference, known }, context);
    return [undefined];
  }
  if (matches === undefined) return group.size === 0 ? [undefined] : [...group.values()];
  const written = new Set(context.input.routeGroups.get(id)?.matches.map((match) => match.name));
  return matches.map((match, index) => {
    // A match that is there but cannot be used has been reported at the group.
    if (!group.has(match) && !written.has(match)) {
      const near = closest(match, written);
      const message = `HTTPRouteGroup ${id} has no match "${match}"`;
      const hint = near === undefined ? {} : { hint: `Did you mean "${near}"?` };
      context.report(diagnostic('SMI3005', { message, origin: at(policy, `${path}.matches[${index}]`), ...hint }));
    }
    return group.get(match);
  });
}

function reportUnresolved(policy: TrafficPolicy, some: boolean, context: PassContext): void {
  const { namespace, name } = policy.meta;
  const client = some ? 'what clients do covers the others alone' : 'what clients do covers no request';
  const server = 'what servers ask covers every request';
  const message = `not all matches of TrafficPolicy ${namespace}/${name} can be used: ${client}, ${server}`;
  context.report(diagnostic('SMI4102', { message, origin: at(policy, 'spec.matches') }));
}
