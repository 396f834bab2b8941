import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { nonEmpty } from '../../lib/collections.ts';
import { serviceId } from '../../model/ids.ts';
import type { ClusterPolicy, PolicyLayer, RequestPolicy } from '../../model/policy.ts';
import { assembled, fieldsInForce, fieldsOf, specField } from '../../model/policy-fields.ts';
import { findPort } from '../../model/ports.ts';
import type { PortPolicy, ServicePort } from '../../model/types.ts';
import type { TrafficPolicy } from '../../policy/types.ts';
import type { CompileState, PassContext } from '../state.ts';
import { at } from '../state.ts';
import type { TargetedPolicy } from './types.ts';

/** The fields of a policy that say something, as origins. */
export function fieldOrigins(policy: TrafficPolicy, fields: object) {
  return fieldsOf(fields).map(({ path }) => at(policy, `spec.${specField(path)}`));
}

/** What clients do with the requests for a service port. */
export function requestLayers(
  policies: readonly TargetedPolicy[],
  port: ServicePort,
  state: Pick<CompileState, 'services'>,
  context: PassContext,
): PortPolicy['policies'] {
  if (port.protocol !== 'http') return undefined;
  return nonEmpty(
    policies.flatMap(({ id, policy, coverage, origin }): PolicyLayer<RequestPolicy>[] => {
      if (coverage.client === undefined) return [];
      const fields = requestFields(policy, port, state, context);
      if (Object.keys(fields).length === 0) return [];
      return [{ policy: id, matches: coverage.client, fields, origins: [origin, ...fieldOrigins(policy, fields)] }];
    }),
  );
}

function requestFields(
  policy: TrafficPolicy,
  port: ServicePort,
  state: Pick<CompileState, 'services'>,
  context: PassContext,
): RequestPolicy {
  const { mirror: wanted, ...others } = policy.request;
  if (wanted === undefined) return others;
  const service = serviceId(policy.meta.namespace, wanted.service);
  const number = wanted.port ?? port.port;
  const to = findPort(state.services.get(service)?.ports ?? [], number);
  if (to?.protocol === 'http') return { ...others, mirror: { service, port: number, share: wanted.share } };
  const message = `there is no HTTP port ${number} of Service ${service} to mirror to`;
  context.report(diagnostic('SMI3015', { message, origin: at(policy, 'spec.mirror') }));
  return others;
}

/** How clients treat the endpoints of a Service's ports: field by field what the most specific policy says. */
export function endpointPolicy(policies: readonly TargetedPolicy[]): PolicyLayer<ClusterPolicy> | undefined {
  // What an endpoint is treated like cannot depend on one request.
  const layers = policies
    .filter(({ policy }) => policy.matches === undefined)
    .map(({ id, policy, origin }) => ({
      policy: id,
      matches: 'any' as const,
      fields: policy.endpoints,
      origins: [origin, ...fieldOrigins(policy, policy.endpoints)],
    }));
  const fields = fieldsInForce(layers);
  if (fields.length === 0) return undefined;
  const taking = layers.filter(({ policy }) => fields.some((field) => field.policy === policy));
  return {
    policy: taking.map(({ policy }) => policy).join(', '),
    matches: 'any',
    fields: assembled<ClusterPolicy>(fields),
    origins: [...taking.flatMap(({ origins: [target] }) => target ?? []), ...fields.flatMap(({ origins }) => origins)],
  };
}
