import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { compareText } from '../../lib/collections.ts';
import type { WorkloadId } from '../../model/types.ts';
import type { TrafficTarget } from '../../smi/types.ts';
import { partOf } from '../set-partition.ts';
import type { CompileState, Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';
import { resolveSubject } from '../subjects.ts';

/**
 * Which workloads each target opens. Those that targets select by their labels, and not with their whole account, get a
 * set of their own for each combination of such targets, so that every set has one policy.
 */
export const selectDestinations: Pass = {
  name: 'select destinations',
  run(state, context) {
    const chosen = new Map<TrafficTarget, Destination>();
    for (const target of [...context.input.targets].sort(byName)) {
      const destination = destinationOf(target, state, context);
      if (destination !== undefined) chosen.set(target, destination);
    }
    return {
      destinations: new Map([...chosen].map(([target, destination]) => [target, members(destination, state.accounts)])),
      workloads: partitioned(state.workloads, chosen),
    };
  },
};

/** Whole accounts, and single pods. */
interface Destination {
  readonly accounts: ReadonlySet<string>;
  readonly pods: readonly WorkloadId[];
}

export function byName(a: TrafficTarget, b: TrafficTarget): number {
  return compareText(a.meta.namespace, b.meta.namespace) || compareText(a.meta.name, b.meta.name);
}

function destinationOf(target: TrafficTarget, state: CompileState, context: PassContext): Destination | undefined {
  const path = 'spec.destination';
  const subject = resolveSubject(target, target.destination, path, state, context);
  if (subject === undefined) return undefined;
  const namespace = target.destination.namespace ?? target.meta.namespace;
  if (namespace !== target.meta.namespace && context.options.settings.crossNamespaceTargets === 'refuse') {
    const message = `the destination is in namespace ${namespace}, the TrafficTarget in ${target.meta.namespace}`;
    context.report(diagnostic('SMI4009', { message, origin: at(target, `${path}.namespace`) }));
    return undefined;
  }
  if (subject.kind === 'account') return { accounts: new Set([subject.id]), pods: [] };
  const { identities, pods } = subject.bound;
  return {
    accounts: new Set(identities.flatMap(({ account }) => account ?? [])),
    pods: pods.map(({ id }) => id),
  };
}

function members({ accounts, pods }: Destination, workloadsOf: CompileState['accounts']): readonly WorkloadId[] {
  const whole = [...accounts].flatMap((account) => (workloadsOf.get(account) ?? []).map(({ id }) => id));
  return [...new Set([...whole, ...pods])].sort(compareText);
}

function partitioned(
  workloads: CompileState['workloads'],
  chosen: ReadonlyMap<TrafficTarget, Destination>,
): CompileState['workloads'] {
  const selecting = new Map<WorkloadId, string[]>();
  for (const [{ meta }, { accounts, pods }] of chosen) {
    for (const id of pods) {
      const workload = workloads.get(id);
      if (workload === undefined || accounts.has(`${workload.namespace}/${workload.serviceAccount}`)) continue;
      selecting.set(id, [...(selecting.get(id) ?? []), `${meta.namespace}/${meta.name}`]);
    }
  }
  if (selecting.size === 0) return workloads;
  return new Map(
    [...workloads].map(([id, workload]) => {
      const targets = selecting.get(id);
      if (targets === undefined) return [id, workload];
      return [id, { ...workload, set: partOf(workload.set, targets.join('\n')) }];
    }),
  );
}
