import { portKey, transportOf } from '../../model/ports.ts';
import type { OutboundPolicy, PortPolicy, Service } from '../../model/types.ts';
import { policiesOf } from '../policies/index-policies.ts';
import { endpointPolicy, requestLayers } from '../policies/layers.ts';
import type { CompileState, Pass, PassContext } from '../state.ts';

/** What TrafficPolicies tell the callers of each service port. */
export const steerClients: Pass = {
  name: 'steer clients',
  run(state, given) {
    const context = reportingOnce(given);
    return {
      outbound: new Map(
        [...state.outbound].map(([id, outbound]) => {
          const service = state.services.get(id);
          return [id, service === undefined ? outbound : steered(outbound, service, state, context)];
        }),
      ),
    };
  },
};

function steered(
  outbound: OutboundPolicy,
  service: Service,
  state: CompileState,
  context: PassContext,
): OutboundPolicy {
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

/** What is wrong with a policy for many Services is said once. */
function reportingOnce(context: PassContext): PassContext {
  const told = new Set<string>();
  return {
    ...context,
    report(finding) {
      const key = `${finding.code} ${finding.origin?.object} ${finding.message}`;
      if (!told.has(key)) context.report(finding);
      told.add(key);
    },
  };
}
