import { Table } from '../../lib/incremental/table.ts';
import { portKey, transportOf } from '../../model/ports.ts';
import type { OutboundPolicy, PortPolicy, Service, ServiceId } from '../../model/types.ts';
import { policiesOf } from '../policies/index-policies.ts';
import { endpointPolicy, requestLayers } from '../policies/layers.ts';
import type { CompileState, PassContext } from '../state.ts';

/** What TrafficPolicies tell the callers of each service port. */
export function steerClients(
  routed: Table<ServiceId, OutboundPolicy>,
  state: Read,
  context: PassContext,
): Table<ServiceId, OutboundPolicy> {
  return new Table(context.graph, [routed], (id) => {
    const outbound = routed.get(id);
    const service = state.services.get(id);
    return outbound && service && steered(outbound, service, state, context);
  });
}

type Read = Pick<CompileState, 'services' | 'policies'>;

function steered(outbound: OutboundPolicy, service: Service, state: Read, context: PassContext): OutboundPolicy {
  const targeted = policiesOf(service, state.policies);
  if (targeted.length === 0) return outbound;
  const endpoints = endpointPolicy(targeted);
  const ports = service.ports.flatMap((port): [string, PortPolicy][] => {
    const key = portKey(port.port, transportOf(port.protocol));
    const policy = outbound.ports[key];
    if (policy === undefined) return [];
    const policies = requestLayers(targeted, port, state, context);
    const steered = {
      ...policy,
      ...(policies === undefined ? {} : { policies }),
      ...(endpoints === undefined || port.protocol === 'udp' ? {} : { endpoints }),
    };
    return [[key, steered]];
  });
  return { ...outbound, ports: Object.fromEntries(ports) };
}
