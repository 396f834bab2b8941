import { outsideHostReader } from '../../lib/outside-host.ts';
import { outboundLabels } from '../../telemetry/labels.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import { RequestSeries } from '../../telemetry/requests.ts';
import type { Destination } from '../interception/original-destination.ts';
import type { PolicyMemory } from '../policy/memory.ts';
import type { Resolver } from '../policy/merge-layers.ts';
import { RetryBudget } from '../policy/retry-budget.ts';
import { type Matcher, validMatcher } from '../routing/match.ts';
import type {
  OutboundTable,
  OutsideRoute,
  PolicyUse,
  Route,
  RouteTarget,
  ServiceRoutes,
  StraightRoute,
} from '../routing/outbound-table.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { ClustersTransaction } from '../upstream/clusters.ts';
import { type Outside, outsideGuard } from '../upstream/outside.ts';
import { compileClusterPolicy, nowhere } from './cluster-policy.ts';
import type { Destinations } from './destinations.ts';
import { policyTable, usesOf } from './policies.ts';
import type { Messages, ResourceSet } from './resources.ts';
import type { StraightTarget } from './tcp.ts';

type Listener = Messages['Workload']['outbound'][number];
type Service = Messages['OutboundService'];

/** Turns services and endpoints into tables; one for each change of configuration. */
export class OutboundCompiler {
  readonly #resources: ResourceSet;
  readonly #workload: Messages['Workload'];
  readonly #registry: MetricsRegistry;
  readonly #clusters: ClustersTransaction;
  readonly #memory: PolicyMemory;
  /** For what reaches no service. */
  readonly rejected: RequestSeries;
  readonly #outside: Outside;
  readonly #services = new Map<string, ServiceRoutes>();
  /** By name of the endpoints. */
  readonly #admits: ReadonlyMap<string, readonly Matcher[]>;

  constructor(
    resources: ResourceSet,
    workload: Messages['Workload'],
    registry: MetricsRegistry,
    clusters: ClustersTransaction,
    memory: PolicyMemory,
    outside: Outside,
  ) {
    this.#resources = resources;
    this.#workload = workload;
    this.#registry = registry;
    this.#clusters = clusters;
    this.#memory = memory;
    this.rejected = this.#series('', '');
    this.#outside = outside;
    this.#admits = new Map(workload.access.map(({ endpoints, matches }) => [endpoints, matches.map(admitting)]));
  }

  /** The table of an HTTP listener. */
  table(listener: Listener): OutboundTable {
    const authorities = new Map<string, ServiceRoutes>();
    const uses = new Set<PolicyUse>();
    for (const name of listener.services) {
      const service = this.#resources.get('OutboundService', name);
      if (service === undefined) continue;
      const routes = this.service(name)!;
      for (const use of routes.uses) uses.add(use);
      for (const authority of authoritiesOf(service, listener, this.#workload.namespace)) {
        if (!authorities.has(authority)) authorities.set(authority, routes);
      }
    }
    const outside = listener.passthrough ? this.#outsideRoute(listener) : undefined;
    return { ...this.noServices(nowhereElse), authorities, uses, outside };
  }

  /** The table of a listener for requests that mean no service. */
  noServices(straight: StraightRoute): OutboundTable {
    const { rejected } = this;
    return { authorities: new Map(), rejected, uses: new Set(), outside: undefined, fixed: undefined, straight };
  }

  /** The table of a listener for requests that mean one service, whatever they say. */
  onlyService(name: string, straight: StraightRoute): OutboundTable {
    const fixed = this.service(name);
    return { ...this.noServices(straight), fixed, uses: fixed?.uses ?? new Set() };
  }

  /** Whether a split governs some of what goes to a service. */
  splits(name: string): boolean {
    return this.service(name)?.routes.some(({ split }) => split !== '') === true;
  }

  /** The way of a connection to where it was going; undefined where it must not go. */
  straight(destinations: Destinations): (destination: Destination) => StraightTarget | undefined {
    const outside = this.#series('outside', 'outside');
    const own = this.#series('self', 'self');
    const known = new Map<string, RequestSeries>();
    const seriesOf = (service: string) => {
      const series = known.get(service) ?? this.#series(service, serviceOf(service));
      known.set(service, series);
      return series;
    };
    return (destination) => {
      const target = destinations.target(destination);
      if (destinations.isOwn(destination)) return { target, series: own };
      const service = destinations.service(destination) ?? destinations.pod(destination)?.service;
      if (service !== undefined) return { target, series: seriesOf(service.name) };
      return this.#workload.outboundPassthrough ? { target, series: outside } : undefined;
    };
  }

  /** The same for requests. */
  straightRoute(destinations: Destinations): StraightRoute {
    const straight = this.straight(destinations);
    return (destination) => {
      const found = straight(destination);
      return found && { cluster: this.#outside.cluster(found.target), series: found.series };
    };
  }

  /** The server names that mean the services of a TCP listener. */
  serverNames(listener: Listener): ReadonlyMap<string, ServiceRoutes> {
    const names = new Map<string, ServiceRoutes>();
    for (const name of listener.services) {
      const service = this.#resources.get('OutboundService', name);
      if (service === undefined) continue;
      const routes = this.service(name)!;
      for (const host of hostsOf(service, this.#workload.namespace)) if (!names.has(host)) names.set(host, routes);
    }
    return names;
  }

  /** The routes of a service; undefined when it is not known. */
  service(name: string): ServiceRoutes | undefined {
    const known = this.#services.get(name);
    if (known !== undefined) return known;
    const service = this.#resources.get('OutboundService', name);
    if (service === undefined) return undefined;
    const resolver: Resolver = {
      cluster: (endpoints) => this.#cluster(endpoints),
      budget: (windowMillis) =>
        this.#memory.budgets.get(`${name} ${windowMillis}`, () => new RetryBudget(windowMillis)),
    };
    const routes = service.rules
      .filter(({ from }) => this.#isMeant(from))
      .map((rule, index) => this.#route(service, rule, index, resolver));
    const policies = policyTable(service.policies, resolver);
    const rejected = this.#series(name, '');
    const uses = usesOf([...service.policies, ...service.rules.flatMap(({ policy }) => policy ?? [])]);
    const compiled = { name, routes, rejected, policy: policies.common(), policies, uses };
    this.#services.set(name, compiled);
    return compiled;
  }

  /** Whether a rule for some clients is for this one; an empty list is every client. */
  #isMeant(from: readonly string[]): boolean {
    const { namespace, inboundPolicy } = this.#workload;
    return from.length === 0 || from.includes(namespace) || from.includes(inboundPolicy);
  }

  #route({ name: destination, policies }: Service, rule: Service['rules'][number], index: number, by: Resolver): Route {
    const weighted = rule.weighted?.targets ?? [];
    const labels = { split: rule.split, route: `${destination}#${index}` };
    const own = rule.policy && policyTable([rule.policy, ...policies], by);
    const targets = weighted.map(
      ({ endpoints, weight }): RouteTarget => ({
        weight,
        cluster: this.#cluster(endpoints),
        series: this.#series(destination, serviceOf(endpoints), labels),
        admits: this.#admits.get(endpoints),
      }),
    );
    return {
      matches: validMatcher(rule.match),
      split: rule.split,
      targets,
      total: targets.reduce((sum, target) => sum + target.weight, 0),
      failed: this.#series(destination, '', labels),
      failure: rule.fail?.status || 503,
      ...(own ? { policy: own.common(), policies: own } : {}),
    };
  }

  #outsideRoute({ address, port }: Listener): OutsideRoute {
    const guard = outsideGuard(address);
    return {
      hostOf: outsideHostReader(port),
      cluster: (host) => this.#outside.cluster({ address: host, port, identity: '', guard }),
      series: this.#series('outside', 'outside'),
    };
  }

  #cluster(name: string): Cluster {
    const { endpoints = [], policy = null } = this.#resources.get('Endpoints', name) ?? {};
    const tunnel = name.endsWith('/udp');
    const members = endpoints.map((target) => ({
      target: tunnel ? { ...target, tunnel } : target,
      ready: target.ready,
      locality: target.locality ?? nowhere,
    }));
    return this.#clusters.cluster(name, compileClusterPolicy(policy, this.#workload.locality), members);
  }

  #series(destination: string, backend: string, by = { split: '', route: '' }): RequestSeries {
    const client = this.#workload;
    const labels = outboundLabels({ workload: client.name, owner: client.owner, identity: client.identity });
    const service = backend.includes('/') ? backend : destination;
    const namespace = service.includes('/') ? service.slice(0, service.indexOf('/')) : '';
    return new RequestSeries(this.#registry, {
      ...labels,
      destination,
      destination_namespace: namespace,
      backend,
      ...by,
    });
  }
}

/** Where no connection comes by interception. */
function nowhereElse(): undefined {}

function admitting(match: Service['rules'][number]['match']): Matcher {
  return validMatcher(match) ?? (() => true);
}

/** `NAMESPACE/SERVICE:PORT` without the port. */
function serviceOf(endpoints: string): string {
  const colon = endpoints.lastIndexOf(':');
  return colon < 0 ? endpoints : endpoints.slice(0, colon);
}

/** Every authority that means the service at this listener. Its own address does when it serves nothing else. */
function authoritiesOf(service: Service, listener: Listener, namespace: string): readonly string[] {
  const names = [...hostsOf(service, namespace)];
  if (!listener.intercepted && listener.services.length === 1) names.push(listener.address);
  return names
    .map((name) => (name.includes(':') && !name.startsWith('[') ? `[${name}]` : name))
    .flatMap((name) => [name, `${name}:${service.port}`, `${name}:${listener.port}`]);
}

/** The names of the service for clients of a namespace. */
function hostsOf({ hosts, shortName, namespace: own }: Service, namespace: string): readonly string[] {
  return shortName !== '' && own === namespace ? [...hosts, shortName] : hosts;
}
