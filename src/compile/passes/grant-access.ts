import { nonEmpty } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import type { Lookup } from '../../lib/incremental/stage.ts';
import { Table } from '../../lib/incremental/table.ts';
import type { Grant, WorkloadSetId } from '../../model/types.ts';
import type { TrafficTarget } from '../../smi/types.ts';
import { grantTargets } from '../grant-targets.ts';
import { principals } from '../principals.ts';
import type { CompileState, PassContext, WorkloadFace } from '../state.ts';
import { at } from '../state.ts';
import { byNamespaceAndName, type Destinations, members } from './select-destinations.ts';

type Read = Pick<CompileState, 'accounts' | 'usedAccounts' | 'bindings' | 'faces' | 'matches' | 'reaching'>;

/** What each set of workloads lets in: the TrafficTargets that open it. What does not resolve grants nothing. */
export function grantAccess(
  { chosen, sets }: Destinations,
  state: Read,
  context: PassContext,
): Lookup<WorkloadSetId, readonly Grant[]> {
  const { graph } = context;
  const { targets } = context.input;
  const grants = new Table<string, Grant>(graph, [targets], (id) => {
    const target = targets.get(id);
    const destination = chosen.get(id);
    return target && destination && grantOf(target, members(destination, state), state, context);
  });
  const placed = new Table(graph, [grants], (id) => {
    const grant = grants.get(id);
    const destination = chosen.get(id);
    if (grant === undefined || destination === undefined) return undefined;
    const opened = new Set(members(destination, state).flatMap((workload) => sets.get(workload.id) ?? []));
    return { grant, sets: [...opened] };
  });
  return new Groups(
    graph,
    placed,
    (each) => each.sets.map((set): [WorkloadSetId, Grant] => [set, each.grant]),
    (a, b) => byNamespaceAndName(a.rule, b.rule),
  );
}

function grantOf(
  target: TrafficTarget,
  destination: readonly WorkloadFace[],
  state: Read,
  context: PassContext,
): Grant | undefined {
  const to = nonEmpty(grantTargets(target, destination, state, context));
  const from = nonEmpty(principals(target, state, context));
  if (to === undefined || from === undefined) return undefined;
  return {
    rule: `${target.meta.namespace}/${target.meta.name}`,
    from,
    to,
    origins: [at(target, 'spec.destination')],
  };
}
