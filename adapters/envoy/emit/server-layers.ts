import type { PolicyLayer, ServerPolicy } from '../../../src/model/policy.ts';
import type { InboundPolicy } from '../../../src/model/types.ts';
import { toldApart } from '../names.ts';

/** One TrafficPolicy at one container port. */
export interface ServerLayer {
  /** `NAMESPACE/NAME` of the TrafficPolicy, with a number where it speaks more than once. */
  readonly name: string;
  readonly layer: PolicyLayer<ServerPolicy>;
}

/** What TrafficPolicies ask at a container port, the most specific first. */
export function serverLayersAt(policy: InboundPolicy | undefined, port: number): readonly ServerLayer[] {
  const layers = (policy?.policies ?? []).filter(({ ports }) => ports.includes(port));
  const names = toldApart(layers.map((layer) => layer.policy));
  return layers.map((layer, index) => ({ name: names[index] ?? '', layer }));
}
