import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { compareText } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import { Table } from '../../lib/incremental/table.ts';
import type { Service, ServiceId } from '../../model/types.ts';
import type { RefusedPolicy, TrafficPolicy } from '../../policy/types.ts';
import type { CompileState, PassContext } from '../state.ts';
import { coverageOf } from './coverage.ts';
import { reportConflicts, reportMatchless, reportNoHttp } from './report.ts';
import { type ResolvedTarget, resolveTarget } from './targets.ts';
import type { ByTarget, PolicyIndex, TargetedPolicy, TargetedRefusal } from './types.ts';

type Read = Pick<CompileState, 'services' | 'matches'>;

/** Something together with one thing that it is for. */
interface ForTarget<T> {
  readonly target: ResolvedTarget;
  readonly entry: T;
}

/** There is one mesh. */
const theMesh: string = '';

/**
 * Finds what each policy is for, and tells what of it has no effect. Of several for one target those with matches are
 * asked first; ties go by creation time, absent first, then by name.
 */
export function indexPolicies(state: Read, context: PassContext): PolicyIndex {
  const { graph } = context;
  const { policies, refusedPolicies } = context.input;
  const targeted = new Table<string, readonly ForTarget<TargetedPolicy>[]>(graph, [policies], (id) => {
    const policy = policies.get(id);
    if (policy === undefined) return undefined;
    reportMatchless(policy, context);
    const coverage = coverageOf(policy, state, context);
    return targetsOf(policy, state, context).map(({ target, origin }) => ({
      target,
      entry: { id, policy, coverage, origin },
    }));
  });
  const refusals = new Table<string, readonly ForTarget<TargetedRefusal>[]>(graph, [refusedPolicies], (id) => {
    const all = (refusedPolicies.get(id) ?? []).flatMap((refused) =>
      targetsOf(refused, state, context).map(({ target, origin }) => ({ target, entry: { id, refused, origin } })),
    );
    const first = [...Map.groupBy(all, ({ target }) => JSON.stringify(target)).values()].flatMap(([one]) => one ?? []);
    for (const { entry } of first) reportRefused(entry, context);
    return first;
  });
  const guarding = new Groups(graph, targeted, (entries): [string, true][] =>
    entries.some(guards) ? [['', true]] : [],
  );
  const refusing = new Groups(graph, refusals, (entries): [string, true][] => (entries.length > 0 ? [['', true]] : []));
  const found = byTarget(targeted, context, inOrder);
  const refused = byTarget(refusals, context, (a, b) => compareText(a.id, b.id));
  reportIdle(found, state, context);
  return {
    services: found.services,
    namespaces: found.namespaces,
    get mesh() {
      return found.mesh.get(theMesh) ?? [];
    },
    get guards() {
      return guarding.has('') || refusing.has('');
    },
    refused: {
      services: refused.services,
      namespaces: refused.namespaces,
      get mesh() {
        return refused.mesh.get(theMesh) ?? [];
      },
    },
  };
}

/** The policies that a Service has, each once, from the most specific to the least. */
export function policiesOf({ id, namespace }: Service, index: ByTarget<TargetedPolicy>): readonly TargetedPolicy[] {
  const all = [...(index.services.get(id) ?? []), ...(index.namespaces.get(namespace) ?? []), ...index.mesh];
  return all.filter(({ policy }, position) => all.findIndex((other) => other.policy === policy) === position);
}

function reportRefused({ id, origin }: TargetedRefusal, { report }: PassContext): void {
  const message = `TrafficPolicy ${id} asks for authentication and is refused: what it is for answers every request with 401`;
  report(diagnostic('SMI4108', { message, origin }));
}

function guards({ entry: { policy } }: ForTarget<TargetedPolicy>): boolean {
  return policy.tls !== undefined || Object.keys(policy.server).length > 0;
}

/** What the references of a policy mean, each target once. */
function targetsOf(about: TrafficPolicy | RefusedPolicy, { services }: Read, context: PassContext) {
  const found = new Map<string, { readonly target: ResolvedTarget; readonly origin: Origin }>();
  for (const [position, ref] of about.targetRefs.entries()) {
    const target = resolveTarget(about, ref, position, services, context);
    if (target === undefined) continue;
    const text = JSON.stringify(target);
    const origin: Origin = { object: about.meta.key, path: `spec.targetRefs[${position}]` };
    if (!found.has(text)) found.set(text, { target, origin });
  }
  return [...found.values()];
}

/** Of several entries with one id for a target the first counts. */
function byTarget<T extends { readonly id: string }>(
  table: Table<string, readonly ForTarget<T>[]>,
  { graph }: PassContext,
  compare: (a: T, b: T) => number,
) {
  const grouped = <K extends string>(keyOf: (target: ResolvedTarget) => K | undefined) =>
    new Groups<string, readonly ForTarget<T>[], K, T>(
      graph,
      table,
      (entries) => {
        const first = new Map<K, T>();
        for (const { target, entry } of entries) {
          const key = keyOf(target);
          if (key !== undefined && !first.has(key)) first.set(key, entry);
        }
        return [...first];
      },
      compare,
    );
  return {
    services: grouped<ServiceId>((target) => (target.kind === 'Service' ? target.service : undefined)),
    namespaces: grouped((target) => (target.kind === 'Namespace' ? target.namespace : undefined)),
    mesh: grouped((target) => (target.kind === 'Mesh' ? theMesh : undefined)),
  };
}

/** Tells what of the policies has no effect: what another policy of the same rank says, and what cannot apply. */
function reportIdle(
  found: ReturnType<typeof byTarget<TargetedPolicy>>,
  { services }: Read,
  context: PassContext,
): void {
  const { graph } = context;
  new Table<ServiceId, never>(graph, [found.services], (service) => {
    const policies = found.services.get(service) ?? [];
    reportConflicts(`Service ${service}`, policies, context);
    const http = services.get(service)?.ports.some(({ protocol }) => protocol === 'http');
    if (http !== true) for (const policy of policies) reportNoHttp(policy, `Service ${service}`, context);
    return undefined;
  });
  new Table<string, never>(graph, [found.namespaces], (namespace) => {
    reportConflicts(`namespace ${namespace}`, found.namespaces.get(namespace) ?? [], context);
    return undefined;
  });
  new Table<string, never>(graph, [found.mesh], (mesh) => {
    reportConflicts('the mesh', found.mesh.get(mesh) ?? [], context);
    return undefined;
  });
}

function inOrder({ policy: a }: TargetedPolicy, { policy: b }: TargetedPolicy): number {
  return (
    Number(a.matches === undefined) - Number(b.matches === undefined) ||
    compareText(a.meta.creationTimestamp ?? '', b.meta.creationTimestamp ?? '') ||
    compareText(a.meta.name, b.meta.name) ||
    compareText(a.meta.namespace, b.meta.namespace)
  );
}
