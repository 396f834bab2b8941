import { decideInbound } from '../model/access.ts';
import type { AccessVerdict, DecisionTarget, InboundRequest } from '../model/decision.ts';
import { findPort } from '../model/ports.ts';
import type { MeshModel, Workload, WorkloadId } from '../model/types.ts';
import { type Arrival, grantDifferences } from './differences.ts';
import type { Backend, Denial, ExplainedRequest, Server } from './explanation.ts';
import { describeFields, describeGuard } from './policy-text.ts';
import { matched } from './request.ts';

/** What one client sends, and the host that it names. */
export interface Sent {
  readonly model: MeshModel;
  readonly client: Workload;
  readonly request: ExplainedRequest;
  readonly host: string;
}

/** A target of a decision, with what each group of its pods says and why. */
export function explainBackend(sent: Sent, target: DecisionTarget): Backend {
  const { service, port, weight, total, verdict, atClient, endpoints, origins } = target;
  const transport = sent.request.kind === 'udp' ? 'udp' : 'tcp';
  const targets = findPort(sent.model.services[service]?.ports ?? [], port, transport)?.targets ?? [];
  const servers = target.sets.map(({ workloads, access }) => {
    const container = targets.find(({ workload }) => workload === workloads[0])?.port ?? port;
    return explainServer(sent, workloads, container, access);
  });
  const share = { weight, total, percent: (weight / total) * 100 };
  const outside = sent.model.services[service]?.externalName;
  const notes = { ...(atClient ? { atClient } : {}), ...(outside === undefined ? {} : { outside }) };
  const treated = endpoints === undefined ? {} : { endpoints: describeFields(endpoints) };
  return { service, port, ...share, verdict, ...notes, origins, servers, ...treated };
}

/** Pods that are asked directly, as one backend. */
export function explainPods(sent: Sent, servers: readonly Workload[], port: number): Backend {
  const ready = servers.filter((server) => server.ready);
  const asked = ready.map((server) => ({ server, access: decideInbound(sent.model, arriving(sent, server.id, port)) }));
  const groups = Map.groupBy(asked, ({ server, access }) => `${server.set} ${server.transport} ${access.verdict}`);
  const explained = [...groups.values()].flatMap((members): readonly Server[] => {
    const [first] = members;
    if (first === undefined) return [];
    return [
      explainServer(
        sent,
        members.map(({ server }) => server.id),
        port,
        first.access,
      ),
    ];
  });
  return { port, weight: 1, total: 1, percent: 100, verdict: summary(explained), origins: [], servers: explained };
}

function summary(servers: readonly Server[]): Backend['verdict'] {
  const allowed = servers.filter(({ verdict }) => verdict === 'allow').length;
  if (servers.length === 0) return 'unavailable';
  if (allowed === servers.length) return 'allow';
  return allowed === 0 ? 'deny' : 'mixed';
}

function arriving({ client, request, host }: Sent, workload: WorkloadId, port: number): InboundRequest {
  const sender = { peer: client.identity, from: client.id, workload, port };
  if (request.kind !== 'http') return { kind: request.kind, ...sender };
  const { method, path, headers } = request;
  return { kind: 'http', ...sender, method, path, headers: { ...headers, host: headers.host ?? host } };
}

/** Workloads of one set that answer alike; `port` is theirs. */
function explainServer(sent: Sent, workloads: readonly WorkloadId[], port: number, access: AccessVerdict): Server {
  const server = workloads[0] === undefined ? undefined : sent.model.workloads[workloads[0]];
  if (server === undefined) throw new Error('a verdict of no workload in the model');
  return {
    set: server.set,
    workloads,
    transport: server.transport,
    verdict: access.verdict,
    answer: answerOf(access, sent.request, server, findPort(server.ports, port)?.tls === 'off'),
    ...(access.guards === undefined ? {} : { asks: access.guards.flatMap(describeGuard) }),
    grants: access.grants,
    ...(access.verdict === 'deny' ? { denial: denialOf(sent, server, port, access) } : {}),
  };
}

function answerOf(
  { verdict, status, unmatched, guards }: AccessVerdict,
  request: ExplainedRequest,
  server: Workload,
  plain: boolean,
): string {
  if (verdict === 'reject')
    return status === 401 ? 'rejected with 401: it carries no token' : `rejected with ${status}`;
  if (verdict === 'deny') return denials[request.kind];
  if (server.transport === 'plain') return 'allowed: without a sidecar nobody asks the policy';
  if (plain) return 'allowed: the port takes plain callers, whom no TrafficTarget is about';
  const token = guards?.some(({ authentication }) => authentication !== undefined) ? ', with a good token' : '';
  if (unmatched === true) return `allowed although no TrafficTarget covers it${token}`;
  return `allowed${token}`;
}

const denials = {
  http: 'denied with 403',
  tcp: 'denied, the connection is closed',
  udp: 'denied, the datagrams are dropped',
} as const;

/** All that keeps the nearest grant from covering the request: that of its targets which differs least. */
function denialOf(
  { model, client, request, host }: Sent,
  server: Workload,
  port: number,
  access: AccessVerdict,
): Denial {
  const grants = model.inbound[server.set]?.grants ?? [];
  const grant = grants.find(({ rule }) => rule === access.nearest?.rule);
  if (grant === undefined) return { differences: [] };
  const transport = request.kind === 'udp' ? 'udp' : 'tcp';
  const protocol = findPort(server.ports, port, transport)?.protocol;
  const http = protocol === 'http' ? matched(request, host) : undefined;
  const arrival: Arrival = {
    sender: { peer: client.identity, from: client.id },
    transport,
    port,
    ...(http === undefined ? {} : { http }),
  };
  const attempts = grant.to.map((target) => grantDifferences(grant, target, arrival));
  const fewest = Math.min(...attempts.map(({ length }) => length));
  return { rule: grant.rule, differences: attempts.find(({ length }) => length === fewest) ?? [] };
}
