import { compareText, nonEmpty } from '../../lib/collections.ts';
import type { Grant, InboundPolicy, WorkloadSetId } from '../../model/types.ts';
import type { TrafficTarget } from '../../smi/types.ts';
import { grantTargets } from '../grant-targets.ts';
import { principals } from '../principals.ts';
import type { CompileState, Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';
import { byName } from './select-destinations.ts';

/** What each set of workloads lets in: the TrafficTargets that open it. What does not resolve grants nothing. */
export const grantAccess: Pass = {
  name: 'grant access',
  run(state, context) {
    const grants = new Map<WorkloadSetId, Grant[]>();
    for (const workload of state.workloads.values()) grants.set(workload.set, []);
    for (const target of [...context.input.targets].sort(byName)) {
      const destination = state.destinations.get(target)?.flatMap((id) => state.workloads.get(id) ?? []);
      const grant = destination && grantOf(target, destination, state, context);
      if (destination === undefined || grant === undefined) continue;
      for (const set of new Set(destination.map((workload) => workload.set))) grants.get(set)?.push(grant);
    }
    const mode = context.options.settings.accessMode;
    const policies = [...grants].sort(([a], [b]) => compareText(a, b));
    return {
      inbound: new Map(
        policies.map(([set, found]): [WorkloadSetId, InboundPolicy] => [set, { set, mode, grants: found }]),
      ),
    };
  },
};

function grantOf(
  target: TrafficTarget,
  destination: Parameters<typeof grantTargets>[1],
  state: CompileState,
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
