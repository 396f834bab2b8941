import type {
  Artifact,
  Simulated,
  SimulatedTarget,
  SimulatedTreatment,
  Surroundings,
} from '../../../src/adapter/contract.ts';
import { nonEmpty } from '../../../src/lib/collections.ts';
import type { TrafficRequest } from '../../../src/model/decision.ts';
import type { ServiceAtPort } from '../../../src/model/hosts.ts';
import { serviceId } from '../../../src/model/ids.ts';
import { findPort, transportOf } from '../../../src/model/ports.ts';
import { attachedTo, countingFor, winner } from './attached.ts';
import { type Backend, type Grant, type Route, type RouteRule, readGrants, readRoutes } from './documents.ts';
import { byPrecedence, type Candidate, type ExpressionRank } from './precedence.ts';
import { type Meant, meantBy, rejected } from './service.ts';

/** What routes that are attached to Services make of a request, by the documentation of the API (v1.7) and GEP-1294. */
export function simulate(
  documents: readonly Artifact[],
  surroundings: Surroundings,
  expressions: ExpressionRank = 'before prefixes',
): (request: TrafficRequest) => Simulated {
  const routes = readRoutes(documents);
  const mesh: Mesh = { surroundings, grants: readGrants(documents) };
  const order = byPrecedence(expressions);
  return (request) => {
    const meant = meantBy(surroundings, request);
    if ('outcome' in meant) return meant;
    const counting = attached(routes, meant);
    if (counting.length === 0) {
      const treatment = meant.http === undefined ? {} : { treatment: {} };
      return { outcome: 'routed', targets: [target(mesh, own(meant.at), meant.at, 1)], ...treatment };
    }
    const first = winner(counting, meant.http, order);
    if (first === undefined) return rejected(meant.http === undefined ? 0 : 404);
    return forwarded(mesh, first, meant);
  };
}

interface Mesh {
  readonly surroundings: Surroundings;
  readonly grants: readonly Grant[];
}

/** Neither ExternalName nor what has no virtual address at all may be a parent. */
function attached(routes: readonly Route[], { at: { service, port }, client }: Meant): readonly Route[] {
  return service.externalName === undefined ? countingFor(client, service, attachedTo(routes, service, port)) : [];
}

function own({ service, port }: ServiceAtPort): Backend {
  return { kind: 'Service', namespace: service.namespace, name: service.name, port: port.port, weight: 1 };
}

/** Backends that are invalid get their share of errors: 500, or a closed connection. */
function forwarded(mesh: Mesh, { route, rule }: Candidate, { at, http }: Meant): Simulated {
  const { backends, redirect } = rule;
  if (redirect !== undefined) return rejected(redirect);
  const total = backends.reduce((sum, { weight }) => sum + weight, 0);
  const valid = backends.filter((backend) => isValid(mesh, backend, at, route));
  const targets = nonEmpty(backends.map((backend) => target(mesh, backend, at, total, route)));
  if (total === 0 || valid.every(({ weight }) => weight === 0) || targets === undefined) {
    return rejected(http === undefined ? 0 : 500);
  }
  return {
    outcome: 'routed',
    targets,
    ...(http === undefined ? {} : { treatment: treatmentBy(mesh, route, rule, at) }),
  };
}

function treatmentBy(
  mesh: Mesh,
  route: Route,
  { timeout, headers, mirror }: RouteRule,
  at: ServiceAtPort,
): SimulatedTreatment {
  const isCopied = mirror !== undefined && isValid(mesh, mirror.backend, at, route);
  const { namespace = '', name = '', port = 0 } = mirror?.backend ?? {};
  return {
    ...(timeout === undefined ? {} : { timeout }),
    headers,
    ...(isCopied ? { mirror: { service: serviceId(namespace, name), port, share: mirror.share } } : {}),
  };
}

/** A Service needs a port, and this one; one of another namespace has to be granted there to the route's. */
function isValid(
  { surroundings, grants }: Mesh,
  { kind, namespace, name, port }: Backend,
  at: ServiceAtPort,
  route?: Route,
): boolean {
  const isGranted =
    route === undefined ||
    route.namespace === namespace ||
    grants.some(
      (grant) =>
        grant.namespace === namespace &&
        grant.from.some((from) => from.kind === route.kind && from.namespace === route.namespace) &&
        grant.to.some((to) => to.name === undefined || to.name === name),
    );
  if (!isGranted) return false;
  const service = surroundings.services[serviceId(namespace, name)];
  if (kind !== 'Service' || service === undefined || service.externalName !== undefined || port === undefined)
    return false;
  return findPort(service.ports, port, transportOf(at.port.protocol)) !== undefined;
}

function target(mesh: Mesh, backend: Backend, at: ServiceAtPort, total: number, route?: Route): SimulatedTarget {
  const { namespace, name, port = 0, weight } = backend;
  const service = serviceId(namespace, name);
  const reached = at.service.id === service && at.port.port === port;
  const open = reached && isElsewhere(at) ? true : isValid(mesh, backend, at, route) && hasEndpoint(mesh, backend, at);
  return { service, port, weight, total, verdict: open ? 'open' : 'unavailable' };
}

/** Where what answers is not a pod that anybody knows of, or is one pod that the client named. */
function isElsewhere({ service, pod }: ServiceAtPort): boolean {
  return (
    service.externalName !== undefined ||
    (service.selectorless === true && service.vips.length > 0) ||
    pod !== undefined
  );
}

function hasEndpoint({ surroundings }: Mesh, { namespace, name, port = 0 }: Backend, at: ServiceAtPort): boolean {
  const { services, workloads } = surroundings;
  const found = findPort(services[serviceId(namespace, name)]?.ports ?? [], port, transportOf(at.port.protocol));
  return found?.targets.some(({ workload }) => workloads[workload]?.ready === true) === true;
}
