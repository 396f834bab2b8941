import { canonicalJson } from '../model/canonical.ts';
import type { PolicyLayer } from '../model/policy.ts';
import { findPort, portKey, type Transport } from '../model/ports.ts';
import type {
  Grant,
  HttpMatch,
  InboundPolicy,
  MeshModel,
  OutboundRule,
  Protocol,
  ServiceId,
  ServicePort,
  Workload,
  WorkloadSetId,
} from '../model/types.ts';

/** A port of a service, whether or not a model has it. */
export interface ServicePortRef {
  readonly service: ServiceId;
  readonly port: number;
  /** The UDP port of that number. */
  readonly udp?: true;
}

function keyOf({ port, udp }: ServicePortRef): string {
  return portKey(port, transportOf(udp));
}

function transportOf(udp: true | undefined): Transport {
  return udp === true ? 'udp' : 'tcp';
}

/** The port of the service that is meant, if a model has it. */
export function portAt(model: MeshModel, { service, port, udp }: ServicePortRef): ServicePort | undefined {
  return findPort(model.services[service]?.ports ?? [], port, transportOf(udp));
}

/** Everything that decisions about requests to a service port can depend on, but for the client. */
export interface Reach {
  readonly protocol: Protocol;
  readonly rules: readonly OutboundRule[];
  /** What TrafficPolicies say to clients about some requests only. */
  readonly layers: readonly PolicyLayer<unknown>[];
  /** The policies behind every backend of every rule. */
  readonly policies: readonly InboundPolicy[];
  /** Equal for two models exactly when none of this differs; pods are told apart by their account alone. */
  readonly fingerprint: string;
}

const known = new WeakMap<MeshModel, Map<string, Reach | undefined>>();

/** `undefined` when the model has no such service or port. */
export function reachOf(model: MeshModel, ref: ServicePortRef): Reach | undefined {
  const reaches = known.get(model) ?? new Map<string, Reach | undefined>();
  known.set(model, reaches);
  const key = `${ref.service}:${keyOf(ref)}`;
  if (!reaches.has(key)) reaches.set(key, compute(model, ref));
  return reaches.get(key);
}

function compute(model: MeshModel, ref: ServicePortRef): Reach | undefined {
  const service = model.services[ref.service];
  const found = portAt(model, ref);
  if (service === undefined || found === undefined) return undefined;
  const { rules = [], policies: layers = [] } = model.outbound[ref.service]?.ports[keyOf(ref)] ?? {};
  const backends = new Map<string, ServicePortRef>([[`${ref.service}:${ref.port}`, ref]]);
  for (const { to } of rules) {
    if (to.kind !== 'weighted') continue;
    for (const { service: id, port } of to.targets) backends.set(`${id}:${port}`, { ...ref, service: id, port });
  }
  const sets = new Set<WorkloadSetId>();
  const described = [...backends].map(([name, backend]) => {
    const arrivals = arrivalsAt(model, backend);
    for (const { set } of arrivals) sets.add(set);
    const endpoints = model.outbound[backend.service]?.ports[keyOf(backend)]?.endpoints;
    return { name, endpoints, arrivals: [...new Set(arrivals.map(({ text }) => text))].sort() };
  });
  const policies = [...sets].flatMap((set) => model.inbound[set] ?? []);
  const { hosts, vips, externalName } = service;
  const fingerprint = canonicalJson({
    ...{ hosts, vips, externalName, protocol: found.protocol, rules, layers, described },
    policies: policies.map(policyText).sort(),
  });
  return { protocol: found.protocol, rules, layers, policies, fingerprint };
}

function arrivalsAt(model: MeshModel, ref: ServicePortRef) {
  const targets = portAt(model, ref)?.targets ?? [];
  return targets.flatMap((target) => {
    const workload = model.workloads[target.workload];
    if (workload === undefined || !workload.ready) return [];
    const { protocol, tls } = findPort(workload.ports, target.port, transportOf(ref.udp)) ?? {};
    const { set, transport } = workload;
    return [{ set, text: `${accountOf(set)} ${target.port} ${protocol} ${transport} ${tls}` }];
  });
}

const policyTexts = new WeakMap<InboundPolicy, string>();

function policyText(policy: InboundPolicy): string {
  const text = policyTexts.get(policy) ?? canonicalJson({ ...policy, set: accountOf(policy.set) });
  policyTexts.set(policy, text);
  return text;
}

/** The service account of a set: sets of one account that policy tells apart by their labels carry a mark after it. */
export function accountOf(set: WorkloadSetId): string {
  return set.split('~')[0] ?? set;
}

/** What a pod belongs to, as `NAMESPACE/NAME`: its farthest owner, or itself. */
export function ownerOf({ id, namespace, owners }: Workload): string {
  const last = owners.at(-1);
  return last === undefined ? id : `${namespace}/${last.name}`;
}

const bySpiffe = new WeakMap<InboundPolicy, ReadonlyMap<string, readonly Grant[]>>();

/** The grants that have a client among their sources. */
export function grantsTo(policy: InboundPolicy, client: Workload): readonly Grant[] {
  let index = bySpiffe.get(policy);
  if (index === undefined) {
    const made = new Map<string, Grant[]>();
    for (const grant of policy.grants) {
      for (const spiffe of new Set(grant.from.map((principal) => principal.spiffe))) {
        made.set(spiffe, [...(made.get(spiffe) ?? []), grant]);
      }
    }
    index = made;
    bySpiffe.set(policy, index);
  }
  const named = index.get(client.identity);
  if (named === undefined) return [];
  return named.filter(({ from }) =>
    from.some(
      (one) => one.spiffe === client.identity && (one.kind === 'identity' || one.workloads.includes(client.id)),
    ),
  );
}

/** The rules that a client's proxy considers, in order. */
function rulesFor({ rules }: Reach, client: Workload): readonly OutboundRule[] {
  return rules.filter(
    ({ from }) => from === 'any' || from.some((one) => one === client.namespace || one === client.set),
  );
}

/** A match that HTTP requests of a client meet on their way, and how far it counts. */
export interface MetMatch {
  readonly match: HttpMatch;
  /** Of the matches of one group that hold, only one with the least `order` counts. */
  readonly group: string;
  readonly order: number;
}

/**
 * What decides about HTTP requests of a client to a service port. Of outbound rules the first counts; of the matches of one
 * grant for the same ports, and of one TrafficPolicy, any.
 */
export function matchesMet(reach: Reach, client: Workload): readonly MetMatch[] {
  const routed = rulesFor(reach, client).map(({ match }, order) => ({ match, group: 'route', order }));
  const granted = reach.policies.flatMap((policy) =>
    grantsTo(policy, client).flatMap(({ rule, to }) =>
      to.map(({ http, ports }) => ({ match: http, group: JSON.stringify([policy.set, rule, ports]), order: 0 })),
    ),
  );
  const covered = [...reach.layers, ...reach.policies.flatMap(({ policies }) => policies ?? [])].flatMap(
    ({ policy, matches }, position) => {
      const group = `policy ${position} ${policy}`;
      return matches === 'any' ? [] : matches.map((match) => ({ match, group, order: 0 }));
    },
  );
  return [...routed, ...granted, ...covered].flatMap(({ match, ...how }) =>
    match === 'any' ? [] : [{ match, ...how }],
  );
}

/** A text for each client, equal for those that decisions about a service port cannot tell apart. */
export function clientSignatures(model: MeshModel, ref: ServicePortRef): (client: Workload) => string {
  const reach = reachOf(model, ref);
  const service = model.services[ref.service];
  if (reach === undefined || service === undefined) return () => 'none';
  const selective = reach.rules.some(({ from }) => from !== 'any');
  return (client) => {
    const local = client.outbound === 'intercepted' || client.outbound.some((one) => isAt(one, ref));
    const rules = selective ? rulesFor(reach, client).map((rule) => reach.rules.indexOf(rule)) : [];
    const grants = reach.policies.map((policy) =>
      grantsTo(policy, client).map((grant) => policy.grants.indexOf(grant)),
    );
    return `${client.transport} ${local} ${service.namespace === client.namespace} ${rules.join()} ${grants.join('/')}`;
  };
}

function isAt(one: ServicePortRef, { service, port, udp }: ServicePortRef): boolean {
  return one.service === service && one.port === port && one.udp === udp;
}
