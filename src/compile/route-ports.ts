import type { DiagnosticCode } from '../diagnostics/catalogue.ts';
import { diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import { type NonEmpty, nonEmpty } from '../lib/collections.ts';
import type { Lookup } from '../lib/incremental/stage.ts';
import type { TargetRule, TCPRoute, TrafficTarget, UDPRoute } from '../smi/types.ts';
import { reportMissing } from './missing.ts';
import type { PortSpace } from './port-space.ts';
import type { PassContext } from './state.ts';
import { at } from './state.ts';

/** The container ports that one route means at a destination. */
export interface RoutePorts {
  readonly ports: 'any' | NonEmpty<number>;
  readonly origins: readonly Origin[];
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
  context: PassContext,
): readonly RoutePorts[] {
  const { namespace } = target.meta;
  const routes: Lookup<string, TCPRoute | UDPRoute> =
    rule.kind === 'UDPRoute' ? context.input.udpRoutes : context.input.tcpRoutes;
  const route = routes.get(`${namespace}/${rule.name}`);
  if (route === undefined) {
    const reference = { group: 'specs.smi-spec.io', kind: rule.kind, namespace, name: rule.name };
    const origin = at(target, `${path}.name`);
    const names = rule.kind === 'UDPRoute' ? context.names.udpRoutes : context.names.tcpRoutes;
    const known = names.get(namespace) ?? [];
    reportMissing({ code: 'SMI3006', ...reference, origin, known }, context);
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
