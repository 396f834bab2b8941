import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { fieldsOf, specField } from '../../model/policy-fields.ts';
import type { TrafficPolicy } from '../../policy/types.ts';
import type { PassContext } from '../state.ts';
import { at } from '../state.ts';
import type { TargetedPolicy } from './types.ts';

/** Tells the fields of policies without matches that an earlier one for the same target says already. */
export function reportConflicts(target: string, policies: readonly TargetedPolicy[], { report }: PassContext): void {
  const first = new Map<string, TargetedPolicy>();
  for (const targeted of policies) {
    const { policy, id } = targeted;
    if (policy.matches !== undefined) continue;
    for (const { path } of [...fieldsOf(policy.request), ...fieldsOf(policy.endpoints)]) {
      const earlier = first.get(path);
      if (earlier === undefined) {
        first.set(path, targeted);
        continue;
      }
      const field = `spec.${specField(path)}`;
      const message = `${field} of TrafficPolicy ${id} is not in force for ${target}: TrafficPolicy ${earlier.id} says it already`;
      report(diagnostic('SMI4103', { message, origin: at(policy, field), related: [at(earlier.policy, field)] }));
    }
  }
}

/** Tells the fields of endpoints and modes of TLS in a policy with matches. */
export function reportMatchless(policy: TrafficPolicy, { report }: PassContext): void {
  if (policy.matches === undefined) return;
  const fields = [
    ...fieldsOf(policy.endpoints).map(({ path }) => specField(path)),
    ...(policy.tls === undefined ? [] : ['tls']),
  ];
  for (const field of fields) {
    const message = `spec.${field} cannot depend on the request, so it is ignored in a policy with matches`;
    report(
      diagnostic('SMI4104', { message, origin: at(policy, `spec.${field}`), related: [at(policy, 'spec.matches')] }),
    );
  }
}

/** Tells of a policy about requests for a target where no request can be read. */
export function reportNoHttp({ policy, id }: TargetedPolicy, target: string, { report }: PassContext): void {
  const [first] = [...fieldsOf(policy.request), ...fieldsOf(policy.server)];
  if (first === undefined) return;
  const message = `${target} has no HTTP port, so TrafficPolicy ${id} has no requests to act on there`;
  report(diagnostic('SMI4105', { message, origin: at(policy, `spec.${specField(first.path)}`) }));
}
