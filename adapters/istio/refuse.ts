import { type Diagnostic, diagnostic, type MeshModel } from '../../src/adapter/index.ts';
import type { IstioOptions } from './options.ts';

/** Datagrams pass Istio's sidecars by: a mesh that restricts them is refused, unless somebody else sees to that. */
export function refuse({ workloads, inbound }: MeshModel, { datagrams }: IstioOptions): readonly Diagnostic[] {
  if (datagrams === 'elsewhere') return [];
  const restricted = Object.values(workloads).filter(
    ({ transport, ports, set }) =>
      transport === 'mtls' && inbound[set]?.mode === 'deny' && ports.some(({ protocol }) => protocol === 'udp'),
  );
  const [first] = restricted;
  if (first === undefined) return [];
  const [origin, ...related] = restricted.flatMap(({ origins }) => origins);
  return [
    diagnostic('SMI5004', {
      message: `istio: sidecars take no datagrams, but the mesh restricts who may send them to ${first.id}`,
      hint: 'Give the option datagrams: elsewhere when something else (NetworkPolicy) lets in who may send them, or choose a target with UDP.',
      ...(origin === undefined ? {} : { origin }),
      ...(related.length === 0 ? {} : { related }),
    }),
  ];
}
