import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { type NonEmpty, nonEmpty } from '../lib/collections.ts';
import type { GrantTarget, Workload } from '../model/types.ts';
import type { TargetRule, TCPRoute, TrafficTarget, UDPRoute } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import type { CompileState, PassContext } from './state.ts';
import { at } from './state.ts';
import { udpPorts } from './udp-ports.ts';

/** The container ports that one route means at a destination. */
export interface RoutePorts {
  readonly ports: 'any' | NonEmpty<number>;
  readonly origins: readonly Origin[];
}

/** What is known of the ports at a destination. */
export interface PortSpace {
  /** Whether a pod of the destination has the container port. */
  readonly has: (port: number) => boolean;
  /** Container ports of the destination that Services reach by a Service port of this number. */
  readonly behind: (port: number) => ReadonlySet<number>;
  /** Without any pod nothing can be said of ports. */
  readonly empty: boolean;
}

export function portSpace(
  transport: GrantTarget['transport'],
  destination: readonly Workload[],
  state: CompileState,
): PortSpace {
  const empty = destination.length === 0;
  if (transport === 'udp') return { ...udpPorts(destination, state.index), empty };
  return {
    has: (port) => destination.some(({ ports }) => ports.some((candidate) => candidate.port === port)),
    behind: (port) => portsBehind(port, destination, state),
    empty,
  };
}

/**
 * The ports of the TCPRoute or UDPRoute that a rule names: container ports of the destination, or Service ports in front
 * of it that lead to exactly one container port. None, with a finding, when nothing resolves.
 */
export function routePorts(
  target: TrafficTarget,
  rule: TargetRule,
  path: string,
  space: PortSpace,
  { index }: CompileState,
  context: PassContext,
): readonly RoutePorts[] {
  const { namespace } = target.meta;
  const routes: ReadonlyMap<string, TCPRoute | UDPRoute> = rule.kind === 'UDPRoute' ? index.udpRoutes : index.tcpRoutes;
  const route = routes.get(`${namespace}/${rule.name}`);
  if (route === undefined) {
    const reference = { group: 'specs.smi-spec.io', kind: rule.kind, namespace, name: rule.name };
    const origin = at(target, `${path}.name`);
    reportMissing({ code: 'SMI3006', ...reference, origin, known: routes.keys() }, context);
    return [];
  }
  const origins = [at(target, path), at(route, route.ports.length > 0 ? 'spec.matches.ports' : '')];
  if (route.ports.length === 0) return [{ ports: 'any', origins }];
  const found = new Set(
    route.ports.flatMap((port, position) => {
      const origin = at(route, `spec.matches.ports[${position}]`);
      return containerPort(port, origin, space, context) ?? [];
    }),
  );
  const ports = nonEmpty([...found].sort((a, b) => a - b));
  return ports === undefined ? [] : [{ ports, origins }];
}

/** The one container port that a number means, or nothing, with a finding, where it could mean several. */
export function containerPort(
  port: number,
  origin: Origin,
  space: PortSpace,
  context: PassContext,
): number | undefined {
  if (space.has(port)) return port;
  const report = (code: DiagnosticCode, message: string) => context.report(diagnostic(code, { message, origin }));
  const reached = space.behind(port);
  if (reached.size === 1) return [...reached][0];
  if (reached.size > 1) {
    report('SMI4015', `Service port ${port} leads to container ports ${[...reached].sort((a, b) => a - b).join(', ')}`);
    return undefined;
  }
  if (!space.empty) report('SMI3010', `nothing listens on port ${port} at the destination`);
  return port;
}

function portsBehind(port: number, destination: readonly Workload[], state: CompileState): ReadonlySet<number> {
  const ids = new Set(destination.map(({ id }) => id));
  const targets = [...state.services.values()]
    .flatMap((service) => service.ports.filter((candidate) => candidate.port === port))
    .flatMap((candidate) => candidate.targets.filter(({ workload }) => ids.has(workload)));
  return new Set(targets.map((target) => target.port));
}
