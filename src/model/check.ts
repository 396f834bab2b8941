import { compileRe2 } from '../lib/re2.ts';
import type { PolicyLayer } from './policy.ts';
import { allRequestLayers } from './policy-fields.ts';
import { comparePorts, findPort, portKey, type Transport, transportOf } from './ports.ts';
import type {
  Distribution,
  HttpMatch,
  InboundPolicy,
  MeshModel,
  OutboundPolicy,
  PodsPrincipal,
  Protocol,
  Service,
  Workload,
} from './types.ts';

/** What is wrong with a model by its own rules, as sentences; empty for every model that the compiler makes. */
export function checkModel(model: MeshModel): string[] {
  return [
    ...keyed('services', model.services, ({ id }) => id),
    ...keyed('workloads', model.workloads, ({ id }) => id),
    ...keyed('outbound', model.outbound, ({ service }) => service),
    ...keyed('inbound', model.inbound, ({ set }) => set),
    ...Object.values(model.services).flatMap((service) => checkService(model, service)),
    ...Object.values(model.workloads).flatMap((workload) => checkWorkload(model, workload)),
    ...Object.values(model.outbound).flatMap((policy) => checkOutbound(model, policy)),
    ...Object.values(model.inbound).flatMap(checkInbound),
  ];
}

function keyed<T>(what: string, record: Readonly<Record<string, T>>, id: (value: T) => string): string[] {
  const keys = Object.keys(record);
  return [
    ...(ascending(keys) ? [] : [`the keys of ${what} are not sorted`]),
    ...Object.entries(record).flatMap(([key, value]) =>
      key === id(value) ? [] : [`${what} ${key} has id ${id(value)}`],
    ),
  ];
}

function checkService(model: MeshModel, { id, ports }: Service): string[] {
  const found = inOrder(ports) ? [] : [`the ports of service ${id} are not ascending`];
  if (model.outbound[id] === undefined) found.push(`service ${id} has no outbound policy`);
  for (const { port, protocol, targets } of ports) {
    if (!ascending(targets.map(({ workload }) => workload))) found.push(`the targets of ${id}:${port} are not sorted`);
    for (const target of targets) {
      const ports = model.workloads[target.workload]?.ports ?? [];
      if (findPort(ports, target.port, transportOf(protocol)) === undefined)
        found.push(`${id}:${port} aims at ${target.workload}:${target.port}, which is not there`);
    }
  }
  return found;
}

function checkWorkload(model: MeshModel, { id, ports, set, outbound }: Workload): string[] {
  const found = inOrder(ports) ? [] : [`the ports of workload ${id} are not ascending`];
  if (model.inbound[set] === undefined) found.push(`set ${set} of workload ${id} has no inbound policy`);
  for (const binding of outbound === 'intercepted' ? [] : outbound) {
    const ports = model.services[binding.service]?.ports ?? [];
    if (findPort(ports, binding.port, binding.udp ? 'udp' : 'tcp') === undefined)
      found.push(`workload ${id} listens for ${binding.service}:${binding.port}, which is not there`);
  }
  return found;
}

function checkOutbound(model: MeshModel, { service, ports }: OutboundPolicy): string[] {
  const offered = (model.services[service]?.ports ?? []).map(({ port, protocol }) =>
    portKey(port, transportOf(protocol)),
  );
  const found: string[] = [];
  if (offered.sort().join() !== Object.keys(ports).sort().join())
    found.push(`the policy of ${service} does not cover its ports`);
  for (const outbound of Object.values(ports)) {
    const { port, protocol, rules } = outbound;
    const last = rules.at(-1);
    if (last?.match !== 'any' || last.from !== 'any') found.push(`${service}:${port} has no last rule for everything`);
    for (const { match, to } of rules) {
      found.push(
        ...checkMatch(`${service}:${port}`, match),
        ...checkDistribution(model, `${service}:${port}`, to, transportOf(protocol)),
      );
    }
    for (const { policy, matches, fields } of allRequestLayers(outbound)) {
      const where = `policy ${policy} of ${service}:${port}`;
      found.push(...checkMatches(where, matches));
      const { mirror } = fields;
      const ports = mirror === undefined ? undefined : (model.services[mirror.service]?.ports ?? []);
      if (ports?.some((each) => each.port === mirror?.port) === false) found.push(`${where} mirrors to nobody`);
    }
  }
  return found;
}

function checkDistribution(model: MeshModel, where: string, to: Distribution, transport: Transport): string[] {
  if (to.kind !== 'weighted') return [];
  const found = to.targets.flatMap(({ service, port }) =>
    findPort(model.services[service]?.ports ?? [], port, transport) === undefined
      ? [`${where} sends to ${service}:${port}, which is not there`]
      : [],
  );
  const weights = to.targets.map(({ weight }) => weight);
  if (
    !weights.every((weight) => Number.isSafeInteger(weight) && weight >= 0) ||
    !weights.some((weight) => weight > 0)
  ) {
    found.push(`${where} has the weights ${weights.join(', ')}`);
  }
  return found;
}

function checkInbound({ set, grants, policies }: InboundPolicy): string[] {
  return [...checkGrants(set, grants), ...(policies === undefined ? [] : checkGuards(set, policies))];
}

function checkGuards(set: string, policies: NonNullable<InboundPolicy['policies']>): string[] {
  return policies.flatMap(({ policy, matches, ports }) => [
    ...checkMatches(`policy ${policy} of ${set}`, matches),
    ...(ascending(ports) ? [] : [`the ports of policy ${policy} of ${set}`]),
  ]);
}

function checkMatches(where: string, matches: PolicyLayer<unknown>['matches']): string[] {
  if (matches === 'any') return [];
  return matches.length === 0 ? [`${where} has an empty list`] : matches.flatMap((match) => checkMatch(where, match));
}

function checkGrants(set: string, grants: InboundPolicy['grants']): string[] {
  return grants.flatMap(({ rule, from, to }) => [
    ...from.flatMap((principal) => (principal.kind === 'pods' ? checkPods(`grant ${rule} of ${set}`, principal) : [])),
    ...(from.length === 0 || to.length === 0 ? [`grant ${rule} of ${set} is empty`] : []),
    ...to.flatMap(({ ports, http }) => [
      ...checkMatch(`grant ${rule} of ${set}`, http),
      ...(ports !== 'any' && (ports.length === 0 || !ascending(ports)) ? [`the ports of grant ${rule} of ${set}`] : []),
    ]),
  ]);
}

function checkPods(where: string, { workloads, addresses }: PodsPrincipal): string[] {
  const sorted = workloads.length > 0 && ascending(workloads) && ascending(addresses);
  return sorted ? [] : [`the pods of ${where}`];
}

function checkMatch(where: string, match: HttpMatch | 'any'): string[] {
  if (match === 'any') return [];
  const headers = match.headers === 'any' ? [] : match.headers;
  const expressions = headers.map(({ re2 }) => re2);
  if (match.path !== 'any' && match.path.kind === 'regex') expressions.push(match.path.re2);
  const found = expressions.flatMap((re2) => (compileRe2(re2).ok ? [] : [`${where} has the expression ${re2}`]));
  for (const { name } of headers) if (name !== name.toLowerCase()) found.push(`${where} has the header ${name}`);
  for (const list of [match.methods, match.headers]) {
    if (list.length === 0) found.push(`${where} has an empty list`);
  }
  return found;
}

function inOrder(ports: readonly { readonly port: number; readonly protocol: Protocol }[]): boolean {
  return ports.every((port, index) => index === 0 || comparePorts(ports[index - 1] ?? port, port) < 0);
}

function ascending(values: readonly (string | number)[]): boolean {
  return values.every((value, index) => index === 0 || (values[index - 1] ?? value) < value);
}
