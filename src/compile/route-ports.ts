import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { type NonEmpty, nonEmpty } from '../lib/collections.ts';
import type { Workload } from '../model/types.ts';
import type { TargetRule, TCPRoute, TrafficTarget } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import type { CompileState, PassContext } from './state.ts';
import { at } from './state.ts';

/** The container ports that one TCPRoute means at a destination. */
export interface RoutePorts {
  readonly ports: 'any' | NonEmpty<number>;
  readonly origins: readonly Origin[];
}

/**
 * The ports of the TCPRoute that a rule names: container ports of the destination, or Service ports in front of it that
 * lead to exactly one container port. None, with a finding, when nothing resolves.
 */
export function routePorts(
  target: TrafficTarget,
  rule: TargetRule,
  path: string,
  destination: readonly Workload[],
  state: CompileState,
  context: PassContext,
): readonly RoutePorts[] {
  const id = `${target.meta.namespace}/${rule.name}`;
  const route = state.index.tcpRoutes.get(id);
  if (route === undefined) {
    const origin = at(target, `${path}.name`);
    const reference = {
      group: 'specs.smi-spec.io',
      kind: 'TCPRoute',
      namespace: target.meta.namespace,
      name: rule.name,
    };
    reportMissing({ code: 'SMI3006', ...reference, origin, known: state.index.tcpRoutes.keys() }, context);
    return [];
  }
  const origins = [at(target, path), at(route, route.ports.length > 0 ? 'spec.matches.ports' : '')];
  if (route.ports.length === 0) return [{ ports: 'any', origins }];
  const found = new Set(
    route.ports.flatMap((port, position) => containerPort(port, position, route, destination, state, context) ?? []),
  );
  const ports = nonEmpty([...found].sort((a, b) => a - b));
  return ports === undefined ? [] : [{ ports, origins }];
}

function containerPort(
  port: number,
  position: number,
  route: TCPRoute,
  destination: readonly Workload[],
  state: CompileState,
  context: PassContext,
): number | undefined {
  if (destination.some(({ ports }) => ports.some((candidate) => candidate.port === port))) return port;
  const report = (code: DiagnosticCode, message: string) =>
    context.report(diagnostic(code, { message, origin: at(route, `spec.matches.ports[${position}]`) }));
  const reached = portsBehind(port, destination, state);
  if (reached.size === 1) return [...reached][0];
  if (reached.size > 1) {
    report('SMI4015', `Service port ${port} leads to container ports ${[...reached].sort((a, b) => a - b).join(', ')}`);
    return undefined;
  }
  // Without any pod nothing can be said of ports.
  if (destination.length > 0) report('SMI3010', `nothing listens on port ${port} at the destination`);
  return port;
}

/** Container ports of the destination that Services reach by a Service port of this number. */
function portsBehind(port: number, destination: readonly Workload[], state: CompileState): ReadonlySet<number> {
  const ids = new Set(destination.map(({ id }) => id));
  const targets = [...state.services.values()]
    .flatMap((service) => service.ports.filter((candidate) => candidate.port === port))
    .flatMap((candidate) => candidate.targets.filter(({ workload }) => ids.has(workload)));
  return new Set(targets.map((target) => target.port));
}
