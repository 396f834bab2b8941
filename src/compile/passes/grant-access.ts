import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { compareText, nonEmpty } from '../../lib/collections.ts';
import { spiffeId, workloadSetId } from '../../model/ids.ts';
import type { Grant, InboundPolicy, Principal, Workload, WorkloadSetId } from '../../model/types.ts';
import type { Subject, TrafficTarget } from '../../smi/types.ts';
import { grantTargets } from '../grant-targets.ts';
import { reportMissing } from '../missing.ts';
import type { CompileState, Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';

/** What each set of workloads lets in: the TrafficTargets that name its account. What does not resolve grants nothing. */
export const grantAccess: Pass = {
  name: 'grant access',
  run(state, context) {
    const bySet = Map.groupBy(state.workloads.values(), ({ set }) => set);
    const grants = new Map<WorkloadSetId, Grant[]>();
    for (const target of [...context.input.targets].sort(byName)) {
      const set = destinationSet(target, bySet, state, context);
      const grant = set && grantOf(target, bySet.get(set) ?? [], bySet, state, context);
      if (set !== undefined && grant !== undefined) grants.set(set, [...(grants.get(set) ?? []), grant]);
    }
    const mode = context.options.settings.accessMode;
    const policy = (set: WorkloadSetId): InboundPolicy => ({ set, mode, grants: grants.get(set) ?? [] });
    return { inbound: new Map([...bySet.keys()].sort(compareText).map((set) => [set, policy(set)])) };
  },
};

type WorkloadsBySet = ReadonlyMap<WorkloadSetId, readonly Workload[]>;

function byName(a: TrafficTarget, b: TrafficTarget): number {
  return compareText(a.meta.namespace, b.meta.namespace) || compareText(a.meta.name, b.meta.name);
}

/** The set that a target opens; `undefined` (with a finding) when it cannot open any. */
function destinationSet(
  target: TrafficTarget,
  bySet: WorkloadsBySet,
  state: CompileState,
  context: PassContext,
): WorkloadSetId | undefined {
  const path = 'spec.destination';
  const set = accountOf(target, target.destination, path, bySet, state, context);
  const namespace = target.destination.namespace ?? target.meta.namespace;
  if (set === undefined || namespace === target.meta.namespace) return set;
  const message = `the destination is in namespace ${namespace}, the TrafficTarget in ${target.meta.namespace}`;
  context.report(diagnostic('SMI4009', { message, origin: at(target, `${path}.namespace`) }));
  return undefined;
}

function grantOf(
  target: TrafficTarget,
  destination: readonly Workload[],
  bySet: WorkloadsBySet,
  state: CompileState,
  context: PassContext,
): Grant | undefined {
  const to = nonEmpty(grantTargets(target, destination, state, context));
  const from = nonEmpty(principals(target, bySet, state, context));
  if (to === undefined || from === undefined) return undefined;
  return {
    rule: `${target.meta.namespace}/${target.meta.name}`,
    from,
    to,
    origins: [at(target, 'spec.destination')],
  };
}

function principals(
  target: TrafficTarget,
  bySet: WorkloadsBySet,
  state: CompileState,
  context: PassContext,
): readonly Principal[] {
  if (target.sources.length === 0) {
    const message = `TrafficTarget ${target.meta.namespace}/${target.meta.name} has no sources`;
    context.report(diagnostic('SMI4011', { message, origin: at(target, 'spec.sources') }));
  }
  const found = new Map<string, Principal>();
  for (const [position, source] of target.sources.entries()) {
    const path = `spec.sources[${position}]`;
    if (accountOf(target, source, path, bySet, state, context) === undefined) continue;
    const namespace = source.namespace ?? target.meta.namespace;
    const spiffe = spiffeId(context.options.trustDomain, namespace, source.name);
    const origins = [...(found.get(spiffe)?.origins ?? []), at(target, path)];
    found.set(spiffe, { kind: 'identity', spiffe, origins });
  }
  return [...found.values()].sort((a, b) => compareText(a.spiffe, b.spiffe));
}

/** The account that a subject names. One that nobody has is reported and stays: nobody can use it. */
function accountOf(
  target: TrafficTarget,
  subject: Subject,
  path: string,
  bySet: WorkloadsBySet,
  { index }: CompileState,
  context: PassContext,
): WorkloadSetId | undefined {
  if (subject.kind !== 'ServiceAccount') {
    const message = `a subject is a ServiceAccount, not a "${subject.kind}"`;
    context.report(diagnostic('SMI4012', { message, origin: at(target, `${path}.kind`) }));
    return undefined;
  }
  const set = workloadSetId(subject.namespace ?? target.meta.namespace, subject.name);
  if (!index.declaredAccounts.has(set) && subject.name !== 'default') {
    const origin = at(target, `${path}.name`);
    if (bySet.has(set)) {
      const message = `ServiceAccount ${set} is used by pods but not declared`;
      context.report(diagnostic('SMI3008', { message, origin }));
    } else {
      const namespace = subject.namespace ?? target.meta.namespace;
      const reference = { group: '', kind: 'ServiceAccount', namespace, name: subject.name };
      const known = [...index.declaredAccounts, ...bySet.keys()];
      reportMissing({ code: 'SMI3007', ...reference, origin, known }, context);
    }
  }
  return set;
}
