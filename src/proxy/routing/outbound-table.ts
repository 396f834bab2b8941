import type { RequestSeries } from '../../telemetry/requests.ts';
import type { Destination } from '../interception/original-destination.ts';
import type { PolicyTable } from '../policy/policy-table.ts';
import type { RequestPolicy } from '../policy/request-policy.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { Exchange } from './exchange.ts';
import type { Matcher } from './match.ts';

export interface RouteTarget {
  readonly weight: number;
  readonly cluster: Cluster;
  readonly series: RequestSeries;
  /** Requests that none of them covers would be denied there and are refused here; undefined: no request is. */
  readonly admits: readonly Matcher[] | undefined;
}

/** A rule of a service: where matching requests go, or that they fail. */
export interface Route {
  /** Undefined: any request. */
  readonly matches: Matcher | undefined;
  /** `NAMESPACE/NAME` of the split, empty for the service's own endpoints. */
  readonly split: string;
  readonly targets: readonly RouteTarget[];
  /** Sum of the weights; 0 when requests fail. */
  readonly total: number;
  /** For requests that fail by this rule. */
  readonly failed: RequestSeries;
  /** The status that they are answered. */
  readonly failure: number;
  /** As of the service, where the rule has a policy of its own before those of the service. */
  readonly policy?: RequestPolicy | undefined;
  readonly policies?: PolicyTable<Exchange>;
}

/** What some policies do and others do not, so that a phase of its own does it. */
export type PolicyUse = 'delay' | 'abort' | 'mirror' | 'edit';

export interface ServiceRoutes {
  readonly name: string;
  readonly routes: readonly Route[];
  /** For requests that no rule takes. */
  readonly rejected: RequestSeries;
  /** What holds for all requests; undefined where it differs by request. */
  readonly policy: RequestPolicy | undefined;
  readonly policies: PolicyTable<Exchange>;
  readonly uses: ReadonlySet<PolicyUse>;
}

/** What an outbound listener decides by; immutable, replaced as a whole. */
export interface OutboundTable {
  /** Lower-case authority, with and without port -> service. */
  readonly authorities: ReadonlyMap<string, ServiceRoutes>;
  /** For requests that reach no service. */
  readonly rejected: RequestSeries;
  /** By any of the services. */
  readonly uses: ReadonlySet<PolicyUse>;
  /** Where requests for other hosts go; undefined: they are answered 404. */
  readonly outside: OutsideRoute | undefined;
  /** For connections that were going to an address of a service: it is meant, whatever the authority says. */
  readonly fixed: ServiceRoutes | undefined;
  /** For connections that were going elsewhere, and to pods behind a service without address. */
  readonly straight: StraightRoute;
}

/** To where the connection was going. Undefined: what is there must not be asked. */
export type StraightRoute = (destination: Destination) => StraightWay | undefined;

export interface StraightWay {
  /** Undefined when there is no room for another server. */
  readonly cluster: Cluster | undefined;
  readonly series: RequestSeries;
}

/** The way to hosts that the mesh does not know. */
export interface OutsideRoute {
  /** The host that a lower-case authority means; undefined where it means none. */
  readonly hostOf: (authority: string) => string | undefined;
  /** Undefined when there is no room for another host. */
  readonly cluster: (host: string) => Cluster | undefined;
  readonly series: RequestSeries;
}

/** `value mod total`, picked cumulatively in target order. */
export function pickTarget(route: Route, value: number): RouteTarget {
  let rest = value % route.total;
  for (const target of route.targets) {
    if (rest < target.weight) return target;
    rest -= target.weight;
  }
  return route.targets[route.targets.length - 1]!;
}

/** The target that a client asks for by its backend: `NAME`, or `NAMESPACE/NAME`. */
export function namedTarget({ targets }: Route, name: string): RouteTarget | undefined {
  const suffix = `/${name}`;
  return targets.find(({ series: { labels } }) => labels.backend === name || labels.backend.endsWith(suffix));
}

/** Whether a server behind the target may let the request in. */
export function mayAdmit(admits: readonly Matcher[], exchange: Exchange): boolean {
  for (const matches of admits) if (matches(exchange)) return true;
  return false;
}

/** A random whole number for `pickTarget`. */
export function randomValue(route: Route): number {
  return Math.floor(Math.random() * route.total);
}
