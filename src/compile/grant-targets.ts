import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { nonEmpty } from '../lib/collections.ts';
import { closest } from '../lib/suggest.ts';
import type { GrantTarget, HttpMatch, Workload } from '../model/types.ts';
import type { TargetRule, TrafficTarget } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import { type RoutePorts, routePorts } from './route-ports.ts';
import type { CompileState, PassContext } from './state.ts';
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
}

/**
 * What a target lets in: HTTP matches on any port; with TCPRoutes beside them only on those ports; TCPRoutes alone let
 * in any bytes on their ports.
 */
export function grantTargets(
  target: TrafficTarget,
  destination: readonly Workload[],
  state: CompileState,
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
  const granted = combine(rules);
  if (granted.length === 0) report('SMI4014', `nothing that the rules of ${name} name can be granted`);
  const ports = destination.flatMap((workload) => workload.ports);
  if (rules.http.length > 0 && ports.length > 0 && ports.every(({ protocol }) => protocol !== 'http')) {
    report('SMI4013', `no port of the destination of ${name} speaks HTTP`);
  }
  return granted;
}

function combine({ namesGroups, namesPorts, unknownKind, http, ports }: ResolvedRules): readonly GrantTarget[] {
  if (unknownKind) return [];
  const transport = 'tcp';
  if (!namesGroups) {
    return ports.map((route): GrantTarget => ({ transport, ports: route.ports, http: 'any', origins: route.origins }));
  }
  const asked = namesPorts ? union(ports) : ({ ports: 'any', origins: [] } as const);
  if (asked === undefined) return [];
  return http.map(({ match, origin }) => ({
    transport,
    ports: asked.ports,
    http: match,
    origins: [origin, ...asked.origins],
  }));
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

function resolveRules(
  target: TrafficTarget,
  destination: readonly Workload[],
  state: CompileState,
  context: PassContext,
): ResolvedRules {
  const http: HttpReference[] = [];
  const ports: RoutePorts[] = [];
  const kinds = new Set<string>();
  for (const [position, rule] of target.rules.entries()) {
    const path = `spec.rules[${position}]`;
    if (rule.kind === 'UDPRoute') {
      const message = 'a UDPRoute grants nothing and narrows nothing';
      context.report(diagnostic('SMI4019', { message, origin: at(target, `${path}.kind`) }));
      continue;
    }
    kinds.add(rule.kind);
    if (rule.kind === 'HTTPRouteGroup') {
      http.push(...groupRule(target, rule, path, state, context));
    } else if (rule.kind === 'TCPRoute') {
      ports.push(...routePorts(target, rule, path, destination, state, context));
    } else {
      const message = `a rule names an HTTPRouteGroup or a TCPRoute, not a "${rule.kind}"`;
      context.report(diagnostic('SMI4012', { message, origin: at(target, `${path}.kind`) }));
    }
  }
  const namesGroups = kinds.delete('HTTPRouteGroup');
  const namesPorts = kinds.delete('TCPRoute');
  return { namesGroups, namesPorts, unknownKind: kinds.size > 0, http, ports };
}

function groupRule(
  target: TrafficTarget,
  rule: TargetRule,
  path: string,
  state: CompileState,
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
    reportMissing({ code: 'SMI3004', ...reference, origin, known: state.matches.keys() }, context);
    return [];
  }
  if (rule.matches === undefined) {
    return [...group.values()].map((match) => ({ match, origin: at(target, path) }));
  }
  if (rule.matches.length === 0) report('SMI4023', `the rule names no match of HTTPRouteGroup ${id}`, 'matches');
  const written = new Set(state.index.routeGroups.get(id)?.matches.map(({ name }) => name));
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
