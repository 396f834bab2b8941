import {
  type Artifact,
  findPort,
  nonEmpty,
  normalizePath,
  type Service,
  type ServicePort,
  type Simulated,
  type SimulatedTarget,
  type SimulatedTreatment,
  type Surroundings,
  type TrafficRequest,
  type Workload,
} from '../../../src/adapter/index.ts';
import { type Route, readRoutes } from '../../gateway-api/simulate/documents.ts';
import { type Arriving, lets, type SecurityDocuments } from './access.ts';
import { type Destination, type HttpRoute, ofKind, type VirtualService } from './documents.ts';
import { hostsWithRoutes, routedTo } from './gateway-routes.ts';
import { connectedTo, hostsOf, isMeant, listeners, type Named, type Registry, requestedBy } from './registry.ts';
import { firstRoute } from './routes.ts';
import { millisOf, unescaped } from './texts.ts';

/** Istio's data plane in sidecar mode: the client's sidecar routes, the server's asks the policies. */
export function simulate(
  documents: readonly Artifact[],
  surroundings: Surroundings,
): (request: TrafficRequest) => Simulated {
  const virtualServices = ofKind(documents, 'VirtualService');
  const bound = new Set([...virtualServices.flatMap(({ spec }) => spec.hosts), ...hostsWithRoutes(documents)]);
  const entries = ofKind(documents, 'ServiceEntry').flatMap(({ spec }) => spec.hosts);
  const mesh: Mesh = {
    surroundings,
    further: new Set(entries.filter((host) => bound.has(host))),
    virtualServices,
    routes: readRoutes(documents),
    security: {
      authorization: ofKind(documents, 'AuthorizationPolicy'),
      peers: ofKind(documents, 'PeerAuthentication'),
      tokens: ofKind(documents, 'RequestAuthentication'),
      rootNamespace: rootNamespace(documents, surroundings),
    },
    closed: new Set(
      ofKind(documents, 'Sidecar')
        .filter(({ spec }) => spec.outboundTrafficPolicy?.mode === 'REGISTRY_ONLY')
        .map(({ metadata }) => metadata.namespace),
    ),
  };
  return (request) => route(mesh, request);
}

/** Its name is a setting of the installation; nobody's programs run there. */
function rootNamespace(documents: readonly Artifact[], { workloads }: Surroundings): string | undefined {
  const inhabited = new Set<string>(Object.values(workloads).map(({ namespace }) => namespace));
  const policies = ofKind(documents, 'AuthorizationPolicy').filter(({ spec }) => spec.selector === undefined);
  return policies.find(({ metadata }) => !inhabited.has(metadata.namespace))?.metadata.namespace;
}

interface Mesh extends Registry {
  readonly virtualServices: readonly VirtualService[];
  /** Of Gateway API. */
  readonly routes: readonly Route[];
  readonly security: SecurityDocuments;
  /** Namespaces whose programs reach nothing that the mesh does not know. */
  readonly closed: ReadonlySet<string>;
}

type Http = NonNullable<Arriving['http']>;

function route(mesh: Mesh, request: TrafficRequest): Simulated {
  const client = mesh.surroundings.workloads[request.from];
  if (client === undefined || client.transport === 'plain') return { outcome: 'rejected', status: 0 };
  const connected = connectedTo(mesh, client, request.to, request.kind === 'udp' ? 'udp' : 'tcp');
  if (request.kind === 'udp') return connected === undefined ? nowhere : past(mesh, connected);
  if (connected?.port.protocol === 'tcp') return connection(mesh, client, connected);
  if (request.kind === 'tcp') {
    return connected === undefined ? unknown(mesh, client, 0) : { outcome: 'rejected', status: 400 };
  }
  const host = request.headers.host;
  const authority = (typeof host === 'string' ? host : host?.join(',')) ?? request.to.host;
  const meant = meantBy(mesh, client, connected, authority, request.to.port);
  if (meant === undefined) {
    return unknown(mesh, client, listeners(mesh, client, request.to.port).length === 0 ? 0 : 502);
  }
  const normal = normalizePath(request.path);
  const path = normal.ok ? normal.value.path : (request.path.split('?')[0] ?? '');
  return requests(mesh, client, meant, { method: request.method, path, authority, headers: request.headers });
}

const nowhere: Simulated = { outcome: 'rejected', status: 0 };

/** The authority decides. A listener of its own, where nothing is intercepted, is for one service, whose name it must be. */
function meantBy(
  mesh: Mesh,
  client: Workload,
  connected: Named | undefined,
  authority: string,
  number: number,
): Named | undefined {
  if (client.outbound === 'intercepted') {
    return connected?.pod === undefined ? requestedBy(mesh, client, authority, number) : connected;
  }
  return connected !== undefined && isMeant(mesh, client, authority, connected) ? connected : undefined;
}

/**
 * What the mesh does not know goes to where the program sends it, unless that is forbidden. Where nothing is intercepted a
 * program has no way there: its listeners answer 404.
 */
function unknown({ closed }: Mesh, { namespace, outbound }: Workload, status: number): Simulated {
  if (outbound !== 'intercepted') return { outcome: 'rejected', status: status === 0 ? 0 : 404 };
  return closed.has(namespace) ? { outcome: 'rejected', status } : { outcome: 'outside' };
}

/** Datagrams pass the sidecars by. */
function past({ surroundings }: Mesh, { service, port }: Named): Simulated {
  const ready = port.targets.some(({ workload }) => surroundings.workloads[workload]?.ready);
  const target = { service: service.id, port: port.port, weight: 1, total: 1 };
  return { outcome: 'routed', targets: [{ ...target, verdict: ready ? 'open' : 'unavailable' }] };
}

function connection(mesh: Mesh, client: Workload, named: Named): Simulated {
  const routes = specOf(mesh, named.service)?.tcp;
  if (routes === undefined) return byGatewayApi(mesh, client, named, undefined);
  const found = firstRoute(routes, { client, port: named.port.port });
  return targets(mesh, client, found?.route, named, undefined);
}

function requests(mesh: Mesh, client: Workload, named: Named, http: Http): Simulated {
  const routes = specOf(mesh, named.service)?.http;
  if (routes === undefined) return byGatewayApi(mesh, client, named, http);
  const found = firstRoute(routes, { client, port: named.port.port, http });
  if (found === undefined) return { outcome: 'rejected', status: 404 };
  if (found.directResponse !== undefined) return { outcome: 'rejected', status: found.directResponse.status };
  return treated(targets(mesh, client, found.route, named, http), treatmentBy(mesh, found, named));
}

function treated(done: Simulated, treatment: SimulatedTreatment): Simulated {
  return done.outcome === 'routed' ? { ...done, treatment } : done;
}

function treatmentBy(
  mesh: Mesh,
  { timeout, headers, mirrors = [] }: Pick<HttpRoute, 'timeout' | 'headers' | 'mirrors'>,
  named: Named,
): SimulatedTreatment {
  const [copied] = mirrors;
  const { service, port } = copied === undefined ? {} : destinationAt(mesh, copied.destination, named);
  const share = Math.round((copied?.percentage?.value ?? 100) * 100);
  return {
    ...(timeout === undefined ? {} : { timeout: millisOf(timeout) }),
    ...(headers === undefined ? {} : { headers: unescaped(headers) }),
    ...(service === undefined || port === undefined ? {} : { mirror: { service: service.id, port: port.port, share } }),
  };
}

/** What no VirtualService is about goes by the routes of Gateway API, and without any to the service itself. */
function byGatewayApi(mesh: Mesh, client: Workload, named: Named, http: Http | undefined): Simulated {
  const found = routedTo(mesh.routes, client, named, http);
  if (typeof found === 'number') return { outcome: 'rejected', status: found };
  const done = targets(mesh, client, found?.destinations, named, http);
  if (http === undefined) return done;
  return treated(done, found === undefined ? {} : treatmentBy(mesh, found.treatment, named));
}

/** Of several for one host the first counts alone. */
function specOf(mesh: Mesh, service: Service): VirtualService['spec'] | undefined {
  const names = hostsOf(mesh, service);
  return mesh.virtualServices.find(({ spec }) => spec.hosts.some((host) => names.includes(host)))?.spec;
}

/** A single destination takes everything. Without routes the service itself does. */
function targets(
  mesh: Mesh,
  client: Workload,
  destinations: readonly Destination[] | undefined,
  named: Named,
  http: Http | undefined,
): Simulated {
  const own = { service: named.service, port: named.port, weight: 1 };
  const chosen = destinations?.map(({ destination, weight = 0 }) => ({
    ...destinationAt(mesh, destination, named),
    weight: destinations.length === 1 ? 1 : weight,
  })) ?? [own];
  const total = chosen.reduce((sum, { weight }) => sum + weight, 0);
  const found = nonEmpty(
    chosen.flatMap(({ service, port, weight }): readonly SimulatedTarget[] => {
      if (service === undefined || port === undefined) return [];
      const verdict = verdictOf(mesh, client, { service, port }, http, named);
      return [{ service: service.id, port: port.port, weight, total, verdict }];
    }),
  );
  // What is sent to a host that nobody has is dropped.
  return found === undefined || found.length < chosen.length
    ? { outcome: 'rejected', status: http === undefined ? 0 : 503 }
    : { outcome: 'routed', targets: found };
}

function destinationAt(
  mesh: Mesh,
  { host, port }: Destination['destination'],
  named: Named,
): { readonly service?: Service; readonly port?: ServicePort } {
  const number = port?.number ?? named.port.port;
  const service = Object.values(mesh.surroundings.services).find((candidate) =>
    hostsOf(mesh, candidate).includes(host),
  );
  const found = service && findPort(service.ports, number);
  return service === undefined || found === undefined ? {} : { service, port: found };
}

function verdictOf(
  { surroundings, security }: Mesh,
  client: Workload,
  { service, port }: Named,
  http: Http | undefined,
  { pod }: Named,
): SimulatedTarget['verdict'] {
  if (service.externalName !== undefined || (service.selectorless === true && service.vips.length > 0)) return 'allow';
  const verdicts = port.targets.flatMap((target) => {
    const server = surroundings.workloads[target.workload];
    if (server === undefined || (pod === undefined ? !server.ready : pod !== server.id)) return [];
    const arriving = { client, server, port: target.port, ...(http === undefined ? {} : { http }) };
    return [lets(security, surroundings, arriving)];
  });
  if (verdicts.length === 0) return 'unavailable';
  if (verdicts.every(Boolean)) return 'allow';
  return verdicts.some(Boolean) ? 'mixed' : 'deny';
}
