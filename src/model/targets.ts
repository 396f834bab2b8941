import { decideInbound } from './access.ts';
import type { AccessVerdict, DecisionTarget, InboundRequest, SetVerdict, TrafficRequest } from './decision.ts';
import type { MatchedRequest } from './match.ts';
import { fieldsInForce } from './policy-fields.ts';
import { findPort, portKey, type Transport } from './ports.ts';
import type { Distribution, MeshModel, Service, ServiceId, WeightedTarget, Workload, WorkloadId } from './types.ts';

/** Every target of a distribution, those with share 0 too, with what its workloads say to the request. */
export function targetsOf(
  model: MeshModel,
  client: Workload,
  distribution: Exclude<Distribution, { readonly kind: 'fail' }>,
  self: { readonly service: ServiceId; readonly port: number; readonly pod: WorkloadId | undefined },
  http: MatchedRequest | undefined,
  request: TrafficRequest,
): readonly DecisionTarget[] {
  const weighted: readonly WeightedTarget[] =
    distribution.kind === 'self'
      ? [{ service: self.service, port: self.port, weight: 1, origins: [] }]
      : distribution.targets;
  const only = distribution.kind === 'self' ? self.pod : undefined;
  const total = weighted.reduce((sum, { weight }) => sum + weight, 0);
  return weighted.map(({ service, port, weight, origins }) => {
    if (isElsewhere(model.services[service])) {
      return { service, port, weight, total, verdict: 'allow', sets: [], origins };
    }
    const sets = setVerdicts(model, client, { service, port, only }, http, request);
    const verdict = summary(sets);
    const denied = verdict === 'deny' && sets.every(({ access }) => access.verdict === 'deny');
    const atClient = denied && model.settings.clientAccess === 'refuse';
    const endpoints = endpointFields(model, service, port, request.kind === 'udp' ? 'udp' : 'tcp');
    return {
      ...{ service, port, weight, total, verdict },
      ...(atClient ? { atClient } : {}),
      sets,
      ...(endpoints === undefined ? {} : { endpoints }),
      origins,
    };
  });
}

/** Nobody is asked about a host outside, nor at a cluster IP whose endpoints are not known as pods. */
export function isElsewhere(service: Service | undefined): boolean {
  return service?.externalName !== undefined || (service?.selectorless === true && service.vips.length > 0);
}

function endpointFields(
  model: MeshModel,
  service: ServiceId,
  port: number,
  transport: Transport,
): DecisionTarget['endpoints'] {
  const policy = model.outbound[service]?.ports[portKey(port, transport)]?.endpoints;
  return policy && fieldsInForce([policy]);
}

/** The ready workloads behind a service port, or the one that the client connects to, grouped by set and by what they answer. */
function setVerdicts(
  model: MeshModel,
  client: Workload,
  {
    service,
    port,
    only,
  }: { readonly service: ServiceId; readonly port: number; readonly only: WorkloadId | undefined },
  http: MatchedRequest | undefined,
  request: TrafficRequest,
): readonly SetVerdict[] {
  const transport = request.kind === 'udp' ? 'udp' : 'tcp';
  const targets = findPort(model.services[service]?.ports ?? [], port, transport)?.targets ?? [];
  const ready = targets.flatMap((target) => {
    const workload = model.workloads[target.workload];
    if (workload === undefined) return [];
    return (only === undefined ? workload.ready : workload.id === only) ? [{ workload, port: target.port }] : [];
  });
  // Workloads of one set differ only in what they have at that port.
  const groups = Map.groupBy(ready, ({ workload, port: number }) => {
    const { protocol, tls } = findPort(workload.ports, number, transport) ?? {};
    return `${workload.set} ${number} ${protocol} ${workload.transport} ${tls}`;
  });
  return [...groups.values()].flatMap((members): SetVerdict[] => {
    const [first] = members;
    if (first === undefined) return [];
    const arrival = arriving(client, first.workload, first.port, http, request);
    const access: AccessVerdict = decideInbound(model, arrival);
    return [{ set: first.workload.set, workloads: members.map(({ workload }) => workload.id), access }];
  });
}

/** The request as the server's sidecar sees it: the client's identity, the authority as it was sent. */
function arriving(
  client: Workload,
  { id: workload }: Workload,
  port: number,
  http: MatchedRequest | undefined,
  request: TrafficRequest,
): InboundRequest {
  const sender = { peer: client.identity, from: client.id, workload, port };
  if (request.kind !== 'http') return { kind: request.kind, ...sender };
  const host = http?.authority ?? request.to.host;
  const headers = { ...request.headers, host: request.headers.host ?? host };
  return { kind: 'http', ...sender, method: request.method, path: request.path, headers };
}

function summary(sets: readonly SetVerdict[]): DecisionTarget['verdict'] {
  const allowed = sets.filter(({ access }) => access.verdict === 'allow').length;
  if (sets.length === 0) return 'unavailable';
  if (allowed === sets.length) return 'allow';
  return allowed === 0 ? 'deny' : 'mixed';
}
