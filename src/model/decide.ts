import { normalizePath } from '../lib/http-path.ts';
import { outsideHostReader } from '../lib/outside-host.ts';
import type { Decision, HttpRequest, TrafficRequest } from './decision.ts';
import { covers } from './guards.ts';
import { answersTo, candidates, headlessAt, parseAuthority, type ServiceAtPort } from './hosts.ts';
import { headerValue, type MatchedRequest, mismatch } from './match.ts';
import { fieldsInForce, requestLayersOf } from './policy-fields.ts';
import { portKey, transportOf } from './ports.ts';
import { targetsOf } from './targets.ts';
import type { MeshModel, OutboundRule, Service, Workload } from './types.ts';

export { decideInbound } from './access.ts';

/**
 * The reference semantics of a client's request: the service that its sidecar takes it for, the rule that applies, and
 * for each target its share and whether it lets the request in. The workload `request.from` must exist in the model.
 */
export function decide(model: MeshModel, request: TrafficRequest): Decision {
  const client = model.workloads[request.from];
  if (client === undefined) throw new Error(`no workload ${request.from} in the model`);
  if (client.transport === 'plain') return rejected(0, `${client.id} has no sidecar`);
  const transport = request.kind === 'udp' ? 'udp' : 'tcp';
  const reachable = candidates(model, client, request.to.port, transport);
  const named = parseAuthority(request.to.host);
  const connected =
    named &&
    (reachable.find((candidate) => answersTo(candidate, client, named)) ??
      headlessAt(model, client, named.name, request.to.port, transport));
  if (request.kind === 'http' && connected?.port.protocol !== 'tcp') {
    return decideHttp(model, client, reachable, connected, request);
  }
  if (connected === undefined) {
    if (request.kind === 'tcp' && passesOn(model, client)) return { outcome: 'outside', targets: [] };
    return rejected(0, `no service answers to ${request.to.host}:${request.to.port}`);
  }
  return request.kind === 'udp'
    ? route(model, client, connected, undefined, request)
    : decideTcp(model, client, connected, request);
}

/** A connection: the first rule that asks for no HTTP match. */
function decideTcp(model: MeshModel, client: Workload, connected: ServiceAtPort, request: TrafficRequest): Decision {
  if (connected.port.protocol !== 'tcp') {
    return rejected(400, `port ${connected.port.port} of ${connected.service.id} speaks HTTP`);
  }
  return route(model, client, connected, undefined, request);
}

function decideHttp(
  model: MeshModel,
  client: Workload,
  reachable: readonly ServiceAtPort[],
  connected: ServiceAtPort | undefined,
  request: HttpRequest,
): Decision {
  const normal = normalizePath(request.path);
  if (!normal.ok) return rejected(400, `the path has no normal form: ${normal.error}`);
  const hosts = request.headers.host;
  if (typeof hosts === 'object' && hosts.length !== 1) return rejected(400, 'the request has several Host headers');
  const authority = headerValue(request.headers, 'host') ?? request.to.host;
  const listening = listeningFor(client, reachable, connected);
  const parsed = parseAuthority(authority);
  const named = parsed && listening.find((at) => at.port.protocol === 'http' && answersTo(at, client, parsed));
  const meant = byAddress(client, connected) ?? named;
  if (meant === undefined && connected === undefined && client.outbound === 'intercepted') {
    if (passesOn(model, client)) return { outcome: 'outside', targets: [] };
    // Only a port at which some authority can mean a service is read as requests.
    return rejected(listening.length === 0 ? 0 : 404, `no service answers to ${request.to.host}:${request.to.port}`);
  }
  if (meant === undefined && passesOn(model, client)) {
    const host = outsideHostReader(request.to.port)(authority.toLowerCase());
    if (host !== undefined) return { outcome: 'outside', targets: [] };
  }
  if (meant === undefined) return rejected(404, `no service answers to "${authority}" on port ${request.to.port}`);
  const http = { method: request.method, path: normal.value.path, authority, headers: request.headers };
  return route(model, client, meant, http, request);
}

/**
 * Where traffic is intercepted, who connects to a cluster IP, or to a pod behind a service without one, means that service,
 * whatever the request says.
 */
function byAddress({ outbound }: Workload, connected: ServiceAtPort | undefined): ServiceAtPort | undefined {
  if (outbound !== 'intercepted' || connected === undefined) return undefined;
  return connected.service.vips.length > 0 || connected.pod !== undefined ? connected : undefined;
}

/**
 * The services that a request's authority chooses among. A listener of its own serves one; an intercepted port those of its
 * number, or at an address of none of them those that can be meant there.
 */
function listeningFor(
  { outbound }: Workload,
  reachable: readonly ServiceAtPort[],
  connected: ServiceAtPort | undefined,
): readonly ServiceAtPort[] {
  if (outbound !== 'intercepted') return connected === undefined ? [] : [connected];
  if (connected !== undefined) return reachable;
  return reachable.filter(({ service, port }) => port.protocol === 'http' && leadsElsewhere(service));
}

/** Whether a name of the service can lead to an address that is not the mesh's. */
function leadsElsewhere({ externalName, namespace, name, hosts }: Service): boolean {
  const own = `${name}.${namespace}`.toLowerCase();
  return externalName !== undefined || hosts.some((host) => host !== own && !host.startsWith(`${own}.`));
}

/** A listener of its own serves one service; only where traffic is intercepted can a program mean the world outside. */
function passesOn({ settings }: MeshModel, { outbound }: Workload): boolean {
  return outbound === 'intercepted' && settings.outboundMode === 'passthrough';
}

function route(
  model: MeshModel,
  client: Workload,
  { service, port, pod }: ServiceAtPort,
  http: MatchedRequest | undefined,
  request: TrafficRequest,
): Decision {
  const key = portKey(port.port, transportOf(port.protocol));
  const { rules = [], policies = [] } = model.outbound[service.id]?.ports[key] ?? {};
  const index = rules.findIndex((rule) => applies(rule, client, http));
  const found = rules[index];
  if (found === undefined) return { ...rejected(unavailable(http), 'no rule applies'), service: service.id };
  const rule = { index, match: found.match, origins: found.origins };
  if (found.to.kind === 'fail') {
    const text =
      found.to.status === 404
        ? 'no rule of a route takes the request'
        : 'the rule has no backend that can take traffic';
    const status = http === undefined ? 0 : (found.to.status ?? 503);
    const because = { text, code: found.to.because };
    return { outcome: 'rejected', status, because, service: service.id, rule, targets: [] };
  }
  const targets = targetsOf(model, client, found.to, { service: service.id, port: port.port, pod }, http, request);
  const layers = requestLayersOf(found, policies);
  const fields = http === undefined ? [] : fieldsInForce(layers.filter(({ matches }) => covers(matches, http)));
  return {
    outcome: 'routed',
    service: service.id,
    rule,
    targets,
    ...(fields.length === 0 ? {} : { policies: fields }),
  };
}

function applies({ from, match }: OutboundRule, client: Workload, http: MatchedRequest | undefined): boolean {
  const fromClient = from === 'any' || from.some((source) => source === client.namespace || source === client.set);
  if (!fromClient) return false;
  return http === undefined ? match === 'any' : mismatch(match, http) === undefined;
}

/** HTTP answers 503; a connection is closed, datagrams are dropped. */
function unavailable(http: MatchedRequest | undefined): number {
  return http === undefined ? 0 : 503;
}

function rejected(status: number, text: string): Decision {
  return { outcome: 'rejected', status, because: { text }, targets: [] };
}
