import type { TrafficSeries } from '../../metrics/contract.ts';
import type { MeshModel, OutboundRule, Service, ServiceId } from '../../model/types.ts';
import type { Topology, TopologyEdge, TopologyNode } from './contract.ts';
import { type Group, groupsOf } from './groups.ts';
import { goldenOf, type Traffic } from './traffic.ts';

const outside = 'outside';

/**
 * Who calls whom. A Service is drawn where it decides something, because a split governs it or several workloads are
 * behind it; otherwise calls go straight to the workload behind it.
 */
export function topologyOf(model: MeshModel, { scope, series }: Traffic): Topology {
  const graph = new Graph(model);
  for (const [from, to] of grantedCalls(model, graph)) graph.call(from, to).granted = true;
  for (const one of series) {
    const from = groupsOf(model).idOf(one.source) ?? outside;
    const root = one.service as ServiceId | undefined;
    const entry = root === undefined ? (groupsOf(model).idOf(one.destination) ?? outside) : graph.entryOf(root);
    graph.call(from, entry).series.push(one);
    const backend = (one.backend ?? one.service) as ServiceId | undefined;
    if (backend === undefined || !entry.startsWith('service:')) continue;
    const target = groupsOf(model).idOf(one.destination) ?? graph.entryOf(backend);
    if (target !== entry) graph.choice(entry, target).series.push(one);
  }
  return {
    traffic: scope,
    nodes: graph.nodes(),
    edges: graph.edges().map(({ series: measured, ...edge }) => ({
      ...edge,
      ...(measured.length > 0 ? { golden: goldenOf(measured, scope) } : {}),
    })),
  };
}

interface Draft extends Omit<TopologyEdge, 'golden'> {
  granted: boolean;
  readonly series: TrafficSeries[];
}

class Graph {
  readonly #model: MeshModel;
  readonly #edges = new Map<string, Draft>();
  readonly #drawn: ReadonlySet<ServiceId>;

  constructor(model: MeshModel) {
    this.#model = model;
    const services = Object.values(model.services);
    this.#drawn = new Set(services.filter((service) => isDrawn(model, service)).map(({ id }) => id));
    for (const id of this.#drawn) {
      for (const [target, wanted] of this.#choices(id)) {
        const edge = this.choice(`service:${id}`, target);
        this.#edges.set(keyOf(edge), { ...edge, granted: true, ...(wanted === undefined ? {} : { wanted }) });
      }
    }
  }

  /** Where calls of a Service arrive. */
  entryOf(service: ServiceId): string {
    if (this.#drawn.has(service) || this.#model.services[service] === undefined) return `service:${service}`;
    return groupsOf(this.#model).behind(service)[0]?.id ?? `service:${service}`;
  }

  call(from: string, to: string): Draft {
    return this.#edge(from, to, 'call');
  }

  choice(from: string, to: string): Draft {
    return this.#edge(from, to, 'choice');
  }

  edges(): readonly Draft[] {
    return [...this.#edges.values()];
  }

  nodes(): readonly TopologyNode[] {
    const groups = groupsOf(this.#model).all.map((group) => this.#groupNode(group));
    const services = [...this.#drawn].map((id) => this.#serviceNode(id));
    const known = new Set([...groups, ...services].map(({ id }) => id));
    const named = new Set(this.edges().flatMap(({ from, to }) => [from, to]));
    const gone = [...named].filter((id) => !known.has(id)).map(strangerNode);
    return [...groups, ...services, ...gone];
  }

  #edge(from: string, to: string, kind: Draft['kind']): Draft {
    const fresh: Draft = { from, to, kind, granted: false, series: [] };
    const key = keyOf(fresh);
    const edge = this.#edges.get(key) ?? fresh;
    this.#edges.set(key, edge);
    return edge;
  }

  /** What a Service chooses from, with wanted shares of 1 where a split says them. */
  *#choices(id: ServiceId): Generator<readonly [string, number | undefined]> {
    const shares = sharesOf(this.#model, id);
    if (shares === undefined) {
      for (const group of groupsOf(this.#model).behind(id)) yield [group.id, undefined];
      return;
    }
    for (const [backend, share] of shares) {
      const target = this.entryOf(backend);
      if (target !== `service:${id}`) yield [target, share];
    }
  }

  #groupNode({ id, namespace, owner, name, workloads }: Group): TopologyNode {
    const { services } = this.#model;
    const own = Object.values(services).filter((one) => this.entryOf(one.id) === id);
    const ready = workloads.filter((workload) => workload.ready).length;
    const names = own.map((one) => one.id);
    return { id, kind: 'workload', namespace, name, owner, services: names, ready, pods: workloads.length };
  }

  #serviceNode(service: ServiceId): TopologyNode {
    const [namespace = '', name = ''] = service.split('/');
    const pods = groupsOf(this.#model)
      .behind(service)
      .flatMap(({ workloads }) => workloads);
    const ready = pods.filter((workload) => workload.ready).length;
    return {
      id: `service:${service}`,
      kind: 'service',
      namespace,
      name,
      services: [service],
      ready,
      pods: pods.length,
    };
  }
}

function keyOf({ from, to, kind }: Pick<TopologyEdge, 'from' | 'to' | 'kind'>): string {
  return `${kind} ${from} ${to}`;
}

/** What is in no manifest: another trust domain, a pod that has gone, or the world. */
function strangerNode(id: string): TopologyNode {
  if (id === outside) return { id, kind: 'outside', namespace: '', name: 'outside', services: [], ready: 0, pods: 0 };
  const [kind, rest = ''] = id.split(':', 2);
  const [namespace = '', ...names] = rest.split('/');
  const known = kind === 'service' ? 'service' : 'workload';
  return { id, kind: known, namespace, name: names.at(-1) ?? '', services: [], ready: 0, pods: 0 };
}

function isDrawn(model: MeshModel, { id, kind }: Service): boolean {
  return kind === 'external' || sharesOf(model, id) !== undefined || groupsOf(model).behind(id).length !== 1;
}

/** Shares of 1 by backend where a split governs a Service: those of its first rule that splits. */
function sharesOf(model: MeshModel, service: ServiceId): ReadonlyMap<ServiceId, number> | undefined {
  const rules = Object.values(model.outbound[service]?.ports ?? {}).flatMap(
    (port): readonly OutboundRule[] => port.rules,
  );
  for (const { to } of rules) {
    if (to.kind !== 'weighted') continue;
    const total = to.targets.reduce((sum, { weight }) => sum + weight, 0);
    return new Map(to.targets.map((target) => [target.service, target.weight / total]));
  }
  return undefined;
}

/** Calls that some grant lets in, by nodes: to the Services that lead to the pods that grant it. */
function* grantedCalls(model: MeshModel, graph: Graph): Generator<readonly [string, string]> {
  const groups = groupsOf(model);
  const entries = entriesBySet(model, graph);
  for (const { set, grants } of Object.values(model.inbound)) {
    const callers = new Set(grants.flatMap(({ from }) => from.flatMap(({ spiffe }) => groups.named(spiffe))));
    for (const { id } of callers) for (const entry of entries.get(set) ?? []) if (entry !== id) yield [id, entry];
  }
}

/** The nodes at which calls to the pods of a set arrive; a root stands for its backends. */
function entriesBySet(model: MeshModel, graph: Graph): ReadonlyMap<string, ReadonlySet<string>> {
  const roots = new Map<ServiceId, ServiceId>();
  for (const root of Object.keys(model.services) as ServiceId[]) {
    for (const backend of sharesOf(model, root)?.keys() ?? []) roots.set(backend, root);
  }
  const entries = new Map<string, Set<string>>();
  for (const { id, ports } of Object.values(model.services)) {
    const entry = graph.entryOf(roots.get(id) ?? id);
    for (const { workload } of ports.flatMap(({ targets }) => targets)) {
      const set = model.workloads[workload]?.set;
      if (set === undefined) continue;
      const known = entries.get(set) ?? new Set<string>();
      entries.set(set, known.add(entry));
    }
  }
  return entries;
}
