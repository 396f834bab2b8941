import { atOrigins, type Diagnostic, diagnostic } from '../../src/diagnostics/diagnostic.ts';
import { restricts } from '../../src/model/guards.ts';
import type { MeshModel } from '../../src/model/types.ts';
import type { GatewayApiOptions } from './options.ts';

/** The API lets everybody in: a mesh that does not is refused, unless somebody else sees to that. */
export function refuse(model: MeshModel, { access }: GatewayApiOptions): readonly Diagnostic[] {
  if (access === 'elsewhere') return [];
  const restricting = Object.values(model.inbound).filter(restricts);
  const [first] = restricting;
  if (first === undefined) return [];
  return [
    diagnostic('SMI5004', {
      message:
        `gateway-api: routes let everybody in, but the mesh restricts who may reach ${first.set}` +
        `${restricting.length > 1 ? ` and ${restricting.length - 1} more` : ''}`,
      hint: 'Give the option access: elsewhere when something else enforces TrafficTargets, or choose a target with access control.',
      ...atOrigins(restricting.flatMap(({ grants }) => grants.flatMap(({ origins }) => origins))),
    }),
  ];
}
