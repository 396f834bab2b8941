import type { Origin } from '../../diagnostics/origin.ts';
import { compareText } from '../../lib/collections.ts';
import type { Service, ServiceId } from '../../model/types.ts';
import type { RefusedPolicy, TrafficPolicy } from '../../policy/types.ts';
import type { CompileState, PassContext } from '../state.ts';
import { coverageOf } from './coverage.ts';
import { type ResolvedTarget, resolveTarget } from './targets.ts';
import { type ByTarget, noPolicies, type PolicyIndex, type TargetedPolicy, type TargetedRefusal } from './types.ts';

/**
 * Finds what each policy is for. Of several for one target those with matches are asked first; ties go by creation time,
 * absent first, then by name.
 */
export function indexPolicies(state: CompileState, context: PassContext): PolicyIndex {
  const { policies = [], refusedPolicies = [] } = context.input;
  if (policies.length === 0 && refusedPolicies.length === 0) return noPolicies;
  const targets = (about: TrafficPolicy | RefusedPolicy) =>
    about.targetRefs.flatMap((ref, position) => {
      const target = resolveTarget(about, ref, position, state.services, context);
      const origin: Origin = { object: about.meta.key, path: `spec.targetRefs[${position}]` };
      return target === undefined ? [] : [{ target, origin }];
    });
  const found = new Targets<TargetedPolicy>();
  for (const policy of [...policies].sort(inOrder)) {
    const coverage = coverageOf(policy, state, context);
    for (const { target, origin } of targets(policy)) found.add(target, { id: idOf(policy), policy, coverage, origin });
  }
  const refusals = new Targets<TargetedRefusal>();
  for (const refused of [...refusedPolicies].sort((a, b) => compareText(idOf(a), idOf(b)))) {
    for (const { target, origin } of targets(refused)) refusals.add(target, { id: idOf(refused), refused, origin });
  }
  return { ...found.sorted(), refused: refusals.sorted() };
}

/** The policies that a Service has, each once, from the most specific to the least. */
export function policiesOf({ id, namespace }: Service, index: PolicyIndex): readonly TargetedPolicy[] {
  const all = [...(index.services.get(id) ?? []), ...(index.namespaces.get(namespace) ?? []), ...index.mesh];
  return all.filter(({ policy }, position) => all.findIndex((other) => other.policy === policy) === position);
}

function idOf({ meta }: TrafficPolicy | RefusedPolicy): string {
  return `${meta.namespace}/${meta.name}`;
}

function inOrder(a: TrafficPolicy, b: TrafficPolicy): number {
  return (
    Number(a.matches === undefined) - Number(b.matches === undefined) ||
    compareText(a.meta.creationTimestamp ?? '', b.meta.creationTimestamp ?? '') ||
    compareText(a.meta.name, b.meta.name) ||
    compareText(a.meta.namespace, b.meta.namespace)
  );
}

class Targets<T extends { readonly id: string }> {
  readonly #services = new Map<ServiceId, T[]>();
  readonly #namespaces = new Map<string, T[]>();
  readonly #mesh: T[] = [];

  /** A second reference to the same target adds nothing. */
  add(target: ResolvedTarget, entry: T): void {
    const list =
      target.kind === 'Service'
        ? listOf(this.#services, target.service)
        : target.kind === 'Namespace'
          ? listOf(this.#namespaces, target.namespace)
          : this.#mesh;
    if (!list.some(({ id }) => id === entry.id)) list.push(entry);
  }

  sorted(): ByTarget<T> {
    return { services: this.#services, namespaces: this.#namespaces, mesh: this.#mesh };
  }
}

function listOf<K, T>(lists: Map<K, T[]>, key: K): T[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}
