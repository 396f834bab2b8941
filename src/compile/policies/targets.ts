import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { serviceId } from '../../model/ids.ts';
import type { ServiceId } from '../../model/types.ts';
import type { PolicyMeta, PolicyTarget } from '../../policy/types.ts';
import { reportMissing } from '../missing.ts';
import type { CompileState, PassContext } from '../state.ts';

/** What a reference of a policy means. */
export type ResolvedTarget =
  | { readonly kind: 'Service'; readonly service: ServiceId }
  | { readonly kind: 'Namespace'; readonly namespace: string }
  | { readonly kind: 'Mesh' };

/**
 * A policy is for Services of its own namespace, for that namespace, or, in a namespace of the mesh (`meshNamespaces`), for the mesh: who may
 * write to one namespace decides nothing in another. Anything else is reported and means nothing.
 */
export function resolveTarget(
  { meta }: { readonly meta: PolicyMeta },
  { kind, name }: PolicyTarget,
  position: number,
  services: CompileState['services'],
  context: PassContext,
): ResolvedTarget | undefined {
  const { key, namespace } = meta;
  const path = `spec.targetRefs[${position}]`;
  const elsewhere = (message: string, field: string, hint: string): undefined => {
    context.report(diagnostic('SMI4101', { message, origin: { object: key, path: `${path}.${field}` }, hint }));
  };
  switch (kind) {
    case 'Service': {
      const id = serviceId(namespace, name ?? '');
      if (services.has(id)) return { kind, service: id };
      const origin = { object: key, path: `${path}.name` };
      const reference = { group: '', kind, namespace, name: name ?? '' };
      const known = context.names.services.get(namespace) ?? [];
      reportMissing({ code: 'SMI3014', ...reference, origin, known }, context);
      return undefined;
    }
    case 'Namespace':
      return name === undefined || name === namespace
        ? { kind, namespace }
        : elsewhere(
            `a policy of namespace ${namespace} is not for namespace ${name}`,
            'name',
            `Move the TrafficPolicy to namespace ${name}, or leave out the name.`,
          );
    case 'Mesh':
      return context.options.meshNamespaces.includes(namespace)
        ? { kind }
        : elsewhere(
            `a policy of namespace ${namespace} is not for the mesh`,
            'kind',
            `Move the TrafficPolicy to namespace ${context.options.meshNamespaces.join(' or ')}, or target the Namespace.`,
          );
  }
}
