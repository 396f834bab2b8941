import { atOrigins, type Diagnostic, diagnostic, type MeshModel } from '../../src/adapter/index.ts';
import type { IstioOptions } from './options.ts';

/** What Istio's objects would say of more than is meant. */
export function refuse(model: MeshModel, options: IstioOptions): readonly Diagnostic[] {
  return [...inRoot(model, options), ...datagrams(model, options)];
}

/** What stands in the root namespace is about pods of every namespace: about those that live there nothing can be said alone. */
function inRoot({ workloads }: MeshModel, { rootNamespace }: IstioOptions): readonly Diagnostic[] {
  const inside = Object.values(workloads).filter(
    ({ namespace, transport }) => transport === 'mtls' && namespace === rootNamespace,
  );
  const [first, ...others] = inside;
  if (first === undefined) return [];
  return [
    diagnostic('SMI5004', {
      message: `istio: ${first.id}${others.length === 0 ? '' : ` and ${others.length} more`} would be in the mesh, but what is said in the root namespace ${rootNamespace} holds for pods of every namespace`,
      hint: 'Annotate pods of Istio itself with smi-mesh.io/sidecar: disabled, or say with the option rootNamespace which it is.',
      ...atOrigins(inside.flatMap(({ origins }) => origins)),
    }),
  ];
}

/** Datagrams pass Istio's sidecars by: a mesh that restricts them is refused, unless somebody else sees to that. */
function datagrams({ workloads, inbound }: MeshModel, { datagrams: who }: IstioOptions): readonly Diagnostic[] {
  if (who === 'elsewhere') return [];
  const restricted = Object.values(workloads).filter(
    ({ transport, ports, set }) =>
      transport === 'mtls' && inbound[set]?.mode === 'deny' && ports.some(({ protocol }) => protocol === 'udp'),
  );
  const [first] = restricted;
  if (first === undefined) return [];
  return [
    diagnostic('SMI5004', {
      message: `istio: sidecars take no datagrams, but the mesh restricts who may send them to ${first.id}`,
      hint: 'Give the option datagrams: elsewhere when something else (NetworkPolicy) lets in who may send them, or choose a target with UDP.',
      ...atOrigins(restricted.flatMap(({ origins }) => origins)),
    }),
  ];
}
