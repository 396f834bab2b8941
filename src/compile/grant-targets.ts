import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { nonEmpty } from '../lib/collections.ts';
import { closest } from '../lib/suggest.ts';
import type { GrantTarget, HttpMatch } from '../model/types.ts';
import type { TargetRule, TrafficTarget } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import { portSpace } from './port-space.ts';
import { containerPort, type RoutePorts, routePorts } from './route-ports.ts';
import type { CompileState, PassContext, WorkloadFace } from './state.ts';
import { at } from './state.ts';

interface HttpReference {
  readonly match: HttpMatch;
  /** The field of the target that names it. */
  readonly origin: Origin;
}

/** What the rules of a target name. A kind that is present but resolves to nothing still narrows the other. */
interface ResolvedRules {
  readonly namesGroups: boolean;
  readonly namesPorts: boolean;
  readonly unknownKind: boolean;
  readonly http: readonly HttpReference[];
  readonly ports: readonly RoutePorts[];
  readonly udp: readonly RoutePorts[];
}

/**
 * What a target lets in: HTTP matches on any port; with TCPRoutes beside them only on those ports; TCPRoutes alone let
 * in any bytes on their ports; UDPRoutes let in datagrams and touch nothing else. `destinationPort` narrows all of it.
 */
export function grantTargets(
  target: TrafficTarget,
  destination: readonly WorkloadFace[],
  state: Pick<CompileState, 'reaching' | 'matches'>,
  context: PassContext,
): readonly GrantTarget[] {
  const name = `TrafficTarget ${target.meta.namespace}/${target.meta.name}`;
  const report = (code: DiagnosticCode, message: string) =>
    context.report(diagnostic(code, { message, origin: at(target, 'spec.rules') }));
  if (target.rules.length === 0) {
    report('SMI4010', `${name} has no rules`);
    return [];
  }
  const rules = resolveRules(target, destination, state, context);
  const granted = atDestinationPort(combine(rules), target, destination, state, context);
  if (granted.length === 0) report('SMI4014', `nothing that the rules of ${name} name can be granted`);
  const ports = destination.flatMap((workload) => workload.ports);
  if (rules.http.length > 0 && ports.length > 0 && ports.every(({ protocol }) => protocol !== 'http')) {
    report('SMI4013', `no port of the destination of ${name} speaks HTTP`);
  }
  return granted;
}

/** A rule of a kind that nobody knows may have been meant to narrow: nothing is granted beside it. */
function combine(rules: ResolvedRules): readonly GrantTarget[] {
  if (rules.unknownKind) return [];
  const udp = rules.udp.map((route) => onPorts('udp', route));
  if (!rules.namesGroups) return [...rules.ports.map((route) => onPorts('tcp', route)), ...udp];
  const asked = rules.namesPorts ? union(rules.ports) : ({ ports: 'any', origins: [] } as const);
  const http = asked === undefined ? [] : rules.http;
  return [
    ...http.map(
      ({ match, origin }): GrantTarget => ({
        transport: 'tcp',
        ports: asked?.ports ?? 'any',
        http: match,
        origins: [origin, ...(asked?.origins ?? [])],
      }),
    ),
    ...udp,
  ];
}

function onPorts(transport: GrantTarget['transport'], { ports, origins }: RoutePorts): GrantTarget {
  return { transport, ports, http: 'any', origins };
}

function union(routes: readonly RoutePorts[]): RoutePorts | undefined {
  const origins = routes.flatMap((route) => route.origins);
  const numbers = new Set<number>();
  for (const { ports } of routes) {
    if (ports === 'any') return { ports: 'any', origins };
    for (const port of ports) numbers.add(port);
  }
  const ports = nonEmpty([...numbers].sort((a, b) => a - b));
  return ports && { ports, origins };
}

/** Leaves of each grant only what is at the one port of the destination, where the target names one. */
function atDestinationPort(
  granted: readonly GrantTarget[],
  target: TrafficTarget,
  destination: readonly WorkloadFace[],
  state: Pick<CompileState, 'reaching' | 'matches'>,
  context: PassContext,
): readonly GrantTarget[] {
  const { destinationPort } = target;
  if (destinationPort === undefined) return granted;
  const origin = at(target, 'spec.destination.port');
  const transports = new Set(granted.map(({ transport }) => transport));
  const meant = new Map(
    [...transports].map((transport) => {
      const space = portSpace(transport, destination, state);
      return [transport, containerPort(destinationPort, origin, space, context)];
    }),
  );
  return granted.flatMap((grant): GrantTarget[] => {
    const port = meant.get(grant.transport);
    if (port === undefined || (grant.ports !== 'any' && !grant.ports.includes(port))) return [];
    return [{ ...grant, ports: [port], origins: [...grant.origins, origin] }];
  });
}

function resolveRules(
  target: TrafficTarget,
  destination: readonly WorkloadFace[],
  state: Pick<CompileState, 'reaching' | 'matches'>,
  context: PassContext,
): ResolvedRules {
  const http: HttpReference[] = [];
  const ports: RoutePorts[] = [];
  const udp: RoutePorts[] = [];
  const kinds = new Set<string>();
  for (const [position, rule] of target.rules.entries()) {
    const path = `spec.rules[${position}]`;
    const report = (code: DiagnosticCode, message: string) =>
      context.report(diagnostic(code, { message, origin: at(target, `${path}.kind`) }));
    kinds.add(rule.kind);
    switch (rule.kind) {
      case 'HTTPRouteGroup':
        for (const reference of groupRule(target, rule, path, state, context)) http.push(reference);
        break;
      case 'TCPRoute':
        ports.push(...routePorts(target, rule, path, portSpace('tcp', destination, state), context));
        break;
      case 'UDPRoute':
        udp.push(...routePorts(target, rule, path, portSpace('udp', destination, state), context));
        break;
      default:
        report('SMI4012', `a rule names an HTTPRouteGroup, a TCPRoute or a UDPRoute, not a "${rule.kind}"`);
    }
  }
  kinds.delete('UDPRoute');
  const namesGroups = kinds.delete('HTTPRouteGroup');
  const namesPorts = kinds.delete('TCPRoute');
  return { namesGroups, namesPorts, unknownKind: kinds.size > 0, http, ports, udp };
}

function groupRule(
  target: TrafficTarget,
  rule: TargetRule,
  path: string,
  state: Pick<CompileState, 'reaching' | 'matches'>,
  context: PassContext,
): readonly HttpReference[] {
  const report = (code: DiagnosticCode, message: string, field: string) =>
    context.report(diagnostic(code, { message, origin: at(target, `${path}.${field}`) }));
  const id = `${target.meta.namespace}/${rule.name}`;
  const group = state.matches.get(id);
  if (group === undefined) {
    const origin = at(target, `${path}.name`);
    const reference = {
      group: 'specs.smi-spec.io',
      kind: rule.kind,
      namespace: target.meta.namespace,
      name: rule.name,
    };
    const known = context.names.routeGroups.get(target.meta.namespace) ?? [];
    reportMissing({ code: 'SMI3004', ...reference, origin, known }, context);
    return [];
  }
  if (rule.matches === undefined) {
    return [...group.values()].map((match) => ({ match, origin: at(target, path) }));
  }
  if (rule.matches.length === 0) report('SMI4023', `the rule names no match of HTTPRouteGroup ${id}`, 'matches');
  const written = new Set(context.input.routeGroups.get(id)?.matches.map(({ name }) => name));
  return rule.matches.flatMap((name, position): HttpReference[] => {
    const field = `matches[${position}]`;
    const match = group.get(name);
    if (match !== undefined) return [{ match, origin: at(target, `${path}.${field}`) }];
    // A match that is there but cannot be used has been reported at the group.
    if (!written.has(name)) {
      const near = closest(name, written);
      const hint = near === undefined ? {} : { hint: `Did you mean "${near}"?` };
      const message = `HTTPRouteGroup ${id} has no match "${name}"`;
      context.report(diagnostic('SMI3005', { message, origin: at(target, `${path}.${field}`), ...hint }));
    }
    return [];
  });
}
