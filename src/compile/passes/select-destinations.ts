import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { compareText } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import type { Lookup } from '../../lib/incremental/stage.ts';
import { Table } from '../../lib/incremental/table.ts';
import { workloadSetId } from '../../model/ids.ts';
import type { WorkloadId, WorkloadSetId } from '../../model/types.ts';
import type { TrafficTarget } from '../../smi/types.ts';
import { partOf } from '../set-partition.ts';
import type { CompileState, PassContext, WorkloadFace } from '../state.ts';
import { at } from '../state.ts';
import { resolveSubject } from '../subjects.ts';

type Read = Pick<CompileState, 'accounts' | 'usedAccounts' | 'bindings'>;

/** Whole accounts, and single pods. */
interface Destination {
  readonly accounts: readonly string[];
  readonly pods: readonly WorkloadId[];
}

export interface Destinations {
  /** What each target is for, by `NAMESPACE/NAME`; no entry for one that cannot open anything. */
  readonly chosen: Lookup<string, Destination>;
  /** The set that each workload belongs to as far as targets decide. */
  readonly sets: Table<WorkloadId, WorkloadSetId>;
}

/**
 * Which workloads each target opens. Those that targets select by their labels, and not with their whole account, get a
 * set of their own for each combination of such targets, so that every set has one policy.
 */
export function selectDestinations(
  faces: Table<WorkloadId, WorkloadFace>,
  state: Read,
  context: PassContext,
): Destinations {
  const { graph } = context;
  const { targets } = context.input;
  const chosen = new Table<string, Destination>(graph, [targets], (id) => {
    const target = targets.get(id);
    return target && destinationOf(target, state, context);
  });
  /** Pods that a target selects without their account. */
  const narrowing = new Table<string, readonly WorkloadId[]>(graph, [chosen], (id) => {
    const { accounts = [], pods = [] } = chosen.get(id) ?? {};
    const found = pods.filter((pod) => {
      const face = faces.get(pod);
      return face !== undefined && !accounts.includes(`${face.namespace}/${face.serviceAccount}`);
    });
    return found.length === 0 ? undefined : found;
  });
  const selecting = new Groups<string, readonly WorkloadId[], WorkloadId, string>(
    graph,
    narrowing,
    (pods, id) => pods.map((pod) => [pod, id]),
    byNamespaceAndName,
  );
  const sets = new Table<WorkloadId, WorkloadSetId>(graph, [faces], (id) => {
    const face = faces.get(id);
    if (face === undefined) return undefined;
    const set = workloadSetId(face.namespace, face.serviceAccount);
    const selected = selecting.get(id);
    return selected === undefined ? set : partOf(set, selected.join('\n'));
  });
  return { chosen, sets };
}

/** The order of targets: ids are `NAMESPACE/NAME`. */
export function byNamespaceAndName(a: string, b: string): number {
  const [[space, name], [otherSpace, otherName]] = [partsOf(a), partsOf(b)];
  return compareText(space, otherSpace) || compareText(name, otherName);
}

function partsOf(id: string): readonly [namespace: string, name: string] {
  const slash = id.indexOf('/');
  return [id.slice(0, slash), id.slice(slash + 1)];
}

function destinationOf(target: TrafficTarget, state: Read, context: PassContext): Destination | undefined {
  const path = 'spec.destination';
  const subject = resolveSubject(target, target.destination, path, state, context);
  if (subject === undefined) return undefined;
  const namespace = target.destination.namespace ?? target.meta.namespace;
  if (namespace !== target.meta.namespace && context.setting('crossNamespaceTargets') === 'refuse') {
    const message = `the destination is in namespace ${namespace}, the TrafficTarget in ${target.meta.namespace}`;
    context.report(diagnostic('SMI4009', { message, origin: at(target, `${path}.namespace`) }));
    return undefined;
  }
  if (subject.kind === 'account') return { accounts: [subject.id], pods: [] };
  const { identities, pods } = subject.bound;
  return {
    accounts: [...new Set(identities.flatMap(({ account }) => account ?? []))],
    pods: pods.map(({ id }) => id),
  };
}

/** The workloads that a target opens, by id. */
export function members(
  { accounts, pods }: Destination,
  state: Pick<CompileState, 'accounts' | 'faces'>,
): readonly WorkloadFace[] {
  const whole = accounts.flatMap((account) => state.accounts.get(account) ?? []);
  const single = pods.flatMap((id) => state.faces.get(id) ?? []);
  return [...new Set([...whole, ...single])].sort((a, b) => compareText(a.id, b.id));
}
