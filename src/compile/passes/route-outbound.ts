import { diagnostic } from '../../diagnostics/diagnostic.ts';
import type { NonEmpty } from '../../lib/collections.ts';
import { Table } from '../../lib/incremental/table.ts';
import { portKey, transportOf } from '../../model/ports.ts';
import type {
  Distribution,
  HttpMatch,
  OutboundPolicy,
  OutboundRule,
  PortPolicy,
  Service,
  ServiceId,
  ServicePort,
} from '../../model/types.ts';
import type { TrafficSplit } from '../../smi/types.ts';
import { backendsOf, distribution, type UsableBackend } from '../backends.ts';
import { reportMissing } from '../missing.ts';
import type { CompileState, PassContext, RootSplits } from '../state.ts';
import { at } from '../state.ts';

/** Rules of every service port: those of its splits, and last what happens to all other requests. */
export function routeOutbound(
  services: Table<ServiceId, Service>,
  state: Read,
  context: PassContext,
): Table<ServiceId, OutboundPolicy> {
  return new Table(context.graph, [services], (id) => {
    const service = services.get(id);
    return service && policyOf(service, state, context);
  });
}

type Read = Pick<CompileState, 'services' | 'matches' | 'splits' | 'gateways'>;

interface ResolvedSplit {
  readonly split: TrafficSplit;
  readonly backends: readonly UsableBackend[];
}

function policyOf(service: Service, state: Read, context: PassContext): OutboundPolicy {
  const splits = state.splits.get(service.id) ?? { conditional: [] };
  reportOtherPorts(service, splits, context);
  const resolve = (split: TrafficSplit): ResolvedSplit => ({
    split,
    backends: backendsOf(split, service, state, context),
  });
  const conditional = splits.conditional.map((split) => ({
    ...resolve(split),
    matches: matchesOf(split, state, context),
  }));
  const last = splits.unconditional && resolve(splits.unconditional);
  const gateways = state.gateways.get(service.id);
  const ports = service.ports.map((port): [string, PortPolicy] => {
    const key = portKey(port.port, transportOf(port.protocol));
    const rules: NonEmpty<OutboundRule> =
      gateways?.[key] ??
      ([
        ...conditional.flatMap(({ matches, ...split }) => conditionalRules(split, matches, port, context)),
        lastRule(last, port, context),
      ] as readonly OutboundRule[] as NonEmpty<OutboundRule>);
    return [key, { port: port.port, protocol: port.protocol, rules }];
  });
  return { service: service.id, ports: Object.fromEntries(ports) };
}

function conditionalRules(
  { split, backends }: ResolvedSplit,
  matches: readonly MatchReference[],
  port: ServicePort,
  context: PassContext,
): readonly OutboundRule[] {
  if (port.protocol !== 'http' || matches.length === 0) return [];
  const to = distribution(split, backends, port, context);
  return matches.map(({ match, path }) => ({ from: 'any', match, to, origins: [at(split, path)] }));
}

function lastRule(last: ResolvedSplit | undefined, port: ServicePort, context: PassContext): OutboundRule {
  const self: Distribution = { kind: 'self' };
  if (last === undefined) return { from: 'any', match: 'any', to: self, origins: [] };
  const to = distribution(last.split, last.backends, port, context);
  return { from: 'any', match: 'any', to, origins: [at(last.split, 'spec.service')] };
}

interface MatchReference {
  readonly match: HttpMatch;
  /** The field of the split that names it. */
  readonly path: string;
}

/** What a split's `matches` name; nothing at all leaves a split that governs no request. */
function matchesOf(split: TrafficSplit, state: Read, context: PassContext): readonly MatchReference[] {
  const found = (split.matches ?? []).flatMap(({ kind, name }, position): MatchReference[] => {
    const path = `spec.matches[${position}]`;
    if (kind !== 'HTTPRouteGroup') {
      const message = `a split matches by HTTPRouteGroup, not by "${kind}"`;
      context.report(diagnostic('SMI4012', { message, origin: at(split, `${path}.kind`) }));
      return [];
    }
    const group = state.matches.get(`${split.meta.namespace}/${name}`);
    if (group === undefined) {
      const origin = at(split, `${path}.name`);
      const reference = { group: 'specs.smi-spec.io', kind, namespace: split.meta.namespace, name };
      const known = context.names.routeGroups.get(split.meta.namespace) ?? [];
      reportMissing({ code: 'SMI3004', ...reference, origin, known }, context);
      return [];
    }
    return [...group.values()].map((match) => ({ match, path }));
  });
  if (found.length === 0) {
    const empty = split.matches?.length === 0;
    context.report(
      diagnostic(empty ? 'SMI4023' : 'SMI4005', {
        message: `no match of TrafficSplit ${split.meta.namespace}/${split.meta.name} can be used: it governs no request`,
        origin: at(split, 'spec.matches'),
      }),
    );
  }
  return found;
}

function reportOtherPorts(service: Service, { conditional }: RootSplits, context: PassContext): void {
  for (const transport of ['tcp', 'udp'] as const) {
    const ports = service.ports.filter(({ protocol }) => protocol === transport).map(({ port }) => port);
    if (ports.length === 0) continue;
    for (const split of conditional) {
      context.report(
        diagnostic('SMI4006', {
          message: `${transport.toUpperCase()} port ${ports.join(', ')} of Service ${service.id} is not governed by a split with matches`,
          origin: at(split, 'spec.matches'),
        }),
      );
    }
  }
}
