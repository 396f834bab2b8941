import { type ConnectionWay, deniedBackendPrefix, type TrafficContext, trafficTags } from '../lib/traffic-context.ts';
import { outboundLabels, type Verdict } from '../telemetry/labels.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';
import { RequestSeries, type ServingPod } from '../telemetry/requests.ts';
import { flags, type LogEntry } from './entry.ts';
import { isDenied } from './verdict.ts';

/** What an outbound request or connection meant, and what became of that. */
export interface OutboundWay {
  readonly destination: string;
  readonly backend: string;
  readonly split: string;
  readonly route: string;
}

/** The routes of what goes to hosts that the mesh does not know, and their cluster; and the end of those of redirected workloads. */
const outside = 'outside';
const originalDestination = '/original-destination';

/** The cluster of what goes nowhere. */
const emptyCluster = 'empty';

/** Marks the cluster of a service of which an address says who is there: no rule chose it. */
const askedMark = '@@';

/** Kinds that are remembered; others are found again in the registry. */
const maxKinds = 1_000;

/** Counts what programs of the pod send. */
export class OutboundSeries {
  readonly #context: TrafficContext;
  readonly #registry: MetricsRegistry;
  readonly #kinds = new Map<string, RequestSeries>();
  readonly #pods = new Map<string, ServingPod>();

  constructor(context: TrafficContext, registry: MetricsRegistry) {
    this.#context = context;
    this.#registry = registry;
  }

  series(way: OutboundWay): RequestSeries {
    const { destination, backend, split, route } = way;
    const key = `${destination} ${backend} ${split} ${route}`;
    let series = this.#kinds.get(key);
    if (series === undefined) {
      const service = backend.includes('/') ? backend : destination;
      const namespace = service.includes('/') ? service.slice(0, service.indexOf('/')) : '';
      const labels = { ...outboundLabels(this.#context), ...way, destination_namespace: namespace };
      series = new RequestSeries(this.#registry, labels);
      if (this.#kinds.size >= maxKinds) this.#kinds.clear();
      this.#kinds.set(key, series);
    }
    return series;
  }

  /** The pod that took it; the same object for the same pod. */
  pod({ tags }: LogEntry): ServingPod | undefined {
    const text = tags[trafficTags.peer];
    if (text === undefined) return undefined;
    let pod = this.#pods.get(text);
    if (pod === undefined) {
      const [workload = '', owner = '', identity = ''] = text.split(' ');
      pod = { workload, owner, identity };
      if (this.#pods.size >= maxKinds) this.#pods.clear();
      this.#pods.set(text, pod);
    }
    return pod;
  }
}

/** `NAMESPACE/SERVICE:PORT#INDEX` and more: the rule that took the request; `#none` where no rule did. */
const ruleRoute = /^([^/]+\/[^/:]+:\d+)#(\d+|none)/;

export function requestWay(entry: LogEntry, { addresses }: TrafficContext): OutboundWay {
  const split = entry.tags[trafficTags.split] ?? '';
  const [, destination = '', index = ''] = ruleRoute.exec(entry.route) ?? [];
  if (destination === '') return straightWay(entry, addresses);
  const asked = entry.cluster.includes(askedMark);
  return {
    destination,
    backend: serviceOf(entry.cluster) || unsentBackend(entry, destination),
    ...(asked || index === 'none' ? { split: '', route: '' } : { split, route: `${destination}#${index}` }),
  };
}

const deniedBackend = `${deniedBackendPrefix}shadow_effective_policy_id`;
/** Of a request that Envoy answers by itself it names no cluster. What a rule has chosen access control notes. */
function unsentBackend(entry: LogEntry, destination: string): string {
  const chosen = entry.access?.[deniedBackend];
  if (chosen !== undefined) return chosen;
  const own = isDenied(entry) || entry.flags.has(flags.faultInjected);
  return own && entry.tags[trafficTags.split] === undefined ? serviceOf(destination) : '';
}

const nowhere: OutboundWay = { destination: '', backend: '', split: '', route: '' };

/** Past the rules of all services: to a host outside, or of a redirected connection to wherever it went, which may be the pod itself. */
function straightWay({ route, server }: LogEntry, addresses: readonly string[]): OutboundWay {
  if (route === outside) return { ...nowhere, destination: outside, backend: outside };
  if (!route.endsWith(originalDestination)) return nowhere;
  const where = addresses.includes(hostOf(server)) ? 'self' : outside;
  return { ...nowhere, destination: where, backend: where };
}

export function connectionWay(entry: LogEntry, way: ConnectionWay, addresses: readonly string[]): OutboundWay {
  const { destination, route, split, backends, denied } = way;
  if (destination === outside) {
    const where = addresses.includes(hostOf(entry.server)) ? 'self' : outside;
    return { ...nowhere, destination: where, backend: where };
  }
  const possible = isDeniedConnection(entry, way) ? denied : backends;
  const [only = '', ...others] = possible;
  const backend = serviceOf(entry.cluster) || (others.length > 0 ? '' : only);
  const straight = route === '' || entry.cluster.includes(askedMark);
  return straight ? { destination, route: '', split: '', backend } : { destination, route, split, backend };
}

/** A backend that is denied has no endpoints, and without any Envoy does not name the cluster. */
function isDeniedConnection({ cluster, connected }: LogEntry, { denied }: ConnectionWay): boolean {
  return !connected && denied.length > 0 && (cluster === '' || cluster === emptyCluster);
}

/** How an attempt at a connection ended that came to nothing. */
export function unconnectedVerdict(entry: LogEntry, way: ConnectionWay): Verdict {
  if (isDeniedConnection(entry, way)) return 'denied';
  return way.backends.length === 0 ? 'rejected' : 'failed';
}

/** `NAMESPACE/SERVICE` of a cluster's name, `NAMESPACE/SERVICE:PORT@PLACE`; empty for another cluster. */
function serviceOf(cluster: string): string {
  const served = cluster.split('@', 1)[0]!;
  const colon = served.lastIndexOf(':');
  return colon < 0 || !served.includes('/') ? (cluster === outside ? outside : '') : served.slice(0, colon);
}

/** Of `ADDRESS:PORT`. */
export function hostOf(address: string): string {
  return address.slice(0, Math.max(0, address.lastIndexOf(':'))).replace(/^\[(.*)\]$/, '$1');
}
