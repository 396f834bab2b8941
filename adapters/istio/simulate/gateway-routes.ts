import { type Artifact, headerValue, type Workload } from '../../../src/adapter/index.ts';
import { attachedTo, countingFor, winner } from '../../gateway-api/simulate/attached.ts';
import type { Backend, Route, RouteRule } from '../../gateway-api/simulate/documents.ts';
import { byPrecedence } from '../../gateway-api/simulate/precedence.ts';
import type { Arriving } from './access.ts';
import { type Destination, type HttpRoute, ofKind } from './documents.ts';
import type { Named } from './registry.ts';

const order = byPrecedence('behind prefixes');

/** What istiod makes of a rule. */
interface RoutedTo {
  readonly destinations: readonly Destination[];
  readonly treatment: Pick<HttpRoute, 'timeout' | 'headers' | 'mirrors'>;
}

/**
 * Where routes of Gateway API send a request or a connection, as istiod (1.32) reads them, or the status of an answer instead (0:
 * the connection is closed); `undefined` where there is no route. It asks for no ReferenceGrants in the mesh.
 */
export function routedTo(
  routes: readonly Route[],
  client: Workload,
  { service, port }: Pick<Named, 'service' | 'port'>,
  http: Arriving['http'],
): RoutedTo | number | undefined {
  const attached = attachedTo(routes, service, port);
  const counting = http === undefined ? ofFlows(client, attached) : countingFor(client, service, attached);
  if (counting.length === 0) return undefined;
  const found = winner(counting, http && { ...http, query: '', headers: seenHeaders(http) }, order);
  if (found === undefined) return http === undefined ? 0 : 404;
  const backends = found.rule.backends.filter(({ weight }) => weight > 0);
  if (backends.length === 0) return http === undefined ? 0 : 500;
  const destinations = backends.map((backend) => ({ ...destinationOf(backend), weight: backend.weight }));
  return { destinations, treatment: treatmentOf(found.rule) };
}

function destinationOf({ namespace, name, port: number = 0 }: Backend): Pick<Destination, 'destination'> {
  return { destination: { host: `${name}.${namespace}`.toLowerCase(), port: { number } } };
}

/** The limit of a try is that of the whole request where a rule says nothing of retries. */
function treatmentOf({ timeout = 0, tryTimeout = 0, retries, headers, mirror }: RouteRule): RoutedTo['treatment'] {
  const limit = retries || tryTimeout === 0 ? timeout : tryTimeout;
  return {
    ...(limit === 0 ? {} : { timeout: `${limit}ms` }),
    headers,
    ...(mirror === undefined
      ? {}
      : { mirrors: [{ ...destinationOf(mirror.backend), percentage: { value: mirror.share / 100 } }] }),
  };
}

/** Routes for connections are in force for the clients of every namespace; those of a client's own come first. */
function ofFlows({ namespace }: Workload, attached: readonly Route[]): readonly Route[] {
  const own = attached.filter((route) => route.namespace === namespace);
  return own.length > 0 ? own : attached;
}

function seenHeaders({ headers, authority }: NonNullable<Arriving['http']>): ReadonlyMap<string, string> {
  const values = Object.keys(headers).flatMap((name) => {
    const value = headerValue(headers, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return new Map([...values, ['host', authority]]);
}

/** Hosts of ServiceEntries that are parents of routes. */
export function hostsWithRoutes(documents: readonly Artifact[]): readonly string[] {
  const routes = [...ofKind(documents, 'HTTPRoute'), ...ofKind(documents, 'GRPCRoute')];
  const parents = new Set(
    routes.flatMap(({ metadata, spec: { parentRefs = [] } }) =>
      parentRefs
        .filter(({ kind }) => kind === 'ServiceEntry')
        .map(({ name, namespace = metadata.namespace }) => `${namespace}/${name}`),
    ),
  );
  const entries = ofKind(documents, 'ServiceEntry');
  return entries
    .filter(({ metadata: { namespace, name } }) => parents.has(`${namespace}/${name}`))
    .flatMap(({ spec }) => spec.hosts);
}
