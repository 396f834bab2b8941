import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { RequestSeries } from '../../telemetry/requests.ts';
import { UNSUPPORTED_UPGRADE } from '../codec/upgrade.ts';
import type { Mirrors } from '../http/mirrors.ts';
import type { LoadShedding } from '../load-shedding.ts';
import type { Exchange } from '../routing/exchange.ts';
import {
  mayAdmit,
  namedTarget,
  type OutboundTable,
  type OutsideRoute,
  pickTarget,
  type Route,
  type RouteTarget,
  randomValue,
  type StraightWay,
} from '../routing/outbound-table.ts';
import { readPath } from '../routing/path.ts';
import type { RecordSource } from '../telemetry/records.ts';
import type { Tracer } from '../tracing/tracer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { testValue } from './chance.ts';
import { deadlinePhase } from './deadline.ts';
import { editPhase } from './edit.ts';
import { abortPhase, delayPhase } from './fault.ts';
import { balancePhase, forwardPhase } from './forward.ts';
import { type AccessLog, logPhase } from './log.ts';
import { measurePhase } from './measure.ts';
import { mirrorPhase } from './mirror.ts';
import { ANSWER, type CompiledPhases, compilePhases, NEXT, type Phase, type Step } from './phase.ts';
import { retryPhase } from './retry.ts';
import { shedPhase } from './shed.ts';
import { tapPhase } from './tap.ts';
import { tracePhase, traceTryPhase } from './trace.ts';

export interface OutboundSettings {
  readonly accessLog: AccessLog | undefined;
  readonly shedding: LoadShedding;
  readonly registry: MetricsRegistry;
  /** Whether requests are counted. */
  readonly counted: boolean;
  readonly testRandomHeader: string | undefined;
  readonly mirrors: Mirrors;
  readonly records: RecordSource;
  /** Undefined without tracing. */
  readonly tracer: Tracer | undefined;
}

/** What happens to a client's request, in order. */
export function outboundPhases(table: OutboundTable, settings: OutboundSettings): CompiledPhases {
  const { uses } = table;
  return compilePhases([
    logPhase(settings.accessLog),
    tapPhase(settings.records),
    settings.counted ? measurePhase(table.rejected) : undefined,
    tracePhase(settings.tracer, 'outbound'),
    shedPhase(settings.shedding, settings.registry),
    matchPhase(table, settings.testRandomHeader),
    uses.has('edit') ? editPhase : undefined,
    uses.has('mirror') ? mirrorPhase(settings.mirrors, settings.testRandomHeader) : undefined,
    deadlinePhase,
    uses.has('delay') ? delayPhase(settings.testRandomHeader) : undefined,
    uses.has('abort') ? abortPhase(settings.testRandomHeader) : undefined,
    retryPhase,
    balancePhase,
    traceTryPhase(settings.tracer),
    forwardPhase,
  ]);
}

/** Authority -> service, then its first matching rule, then one of the rule's targets. */
function matchPhase(table: OutboundTable, testRandomHeader: string | undefined): Phase {
  const { authorities, fixed } = table;
  return {
    name: 'match',
    request: (exchange) => {
      if (!readPath(exchange)) return reject(exchange, 400);
      const { host } = exchange.request;
      exchange.authority = host;
      const service = fixed ?? authorities.get(host) ?? authorities.get(host.toLowerCase());
      if (service === undefined) return elsewhere(exchange, table);
      if (exchange.request.upgrade === UNSUPPORTED_UPGRADE) {
        exchange.series = service.rejected;
        return reject(exchange, 403);
      }
      exchange.policy = service.policy ?? service.policies.select(exchange);
      for (const route of service.routes) {
        if (route.matches !== undefined && !route.matches(exchange)) continue;
        if (route.policies !== undefined) exchange.policy = route.policy ?? route.policies.select(exchange);
        const { destination } = exchange;
        return fixed !== undefined && destination !== undefined && route.split === ''
          ? goStraight(exchange, table.straight(destination))
          : toTarget(exchange, route, testRandomHeader);
      }
      exchange.series = service.rejected;
      return reject(exchange, 503);
    },
  };
}

/** To where the program connected to, or where that was a service's address, to the host that it names. */
function elsewhere(exchange: Exchange, { straight, outside }: OutboundTable): Step {
  const { destination } = exchange;
  if (destination === undefined) return outside === undefined ? reject(exchange, 404) : passOn(exchange, outside);
  return goStraight(exchange, straight(destination));
}

function goStraight(exchange: Exchange, way: StraightWay | undefined): Step {
  return way === undefined ? reject(exchange, 404) : goOutside(exchange, way.cluster, way.series);
}

/** To a host that the mesh does not know, as the program asked for it. */
function passOn(exchange: Exchange, outside: OutsideRoute): Step {
  const host = outside.hostOf(exchange.authority.toLowerCase());
  if (host === undefined) return reject(exchange, 404);
  return goOutside(exchange, outside.cluster(host), outside.series);
}

function goOutside(exchange: Exchange, cluster: Cluster | undefined, series: RequestSeries): Step {
  exchange.series = series;
  if (exchange.request.upgrade === UNSUPPORTED_UPGRADE) return reject(exchange, 403);
  if (cluster === undefined) return reject(exchange, 503);
  exchange.cluster = cluster;
  exchange.verdict = 'forwarded';
  return NEXT;
}

function toTarget(exchange: Exchange, route: Route, testRandomHeader: string | undefined): Step {
  exchange.rule = route.split;
  if (route.total === 0) {
    exchange.series = route.failed;
    return reject(exchange, route.failure);
  }
  const target = chooseTarget(exchange, route, testRandomHeader);
  if (target === undefined) {
    exchange.series = route.failed;
    return reject(exchange, 404);
  }
  exchange.series = target.series;
  if (target.admits !== undefined && !mayAdmit(target.admits, exchange)) {
    exchange.status = 403;
    exchange.verdict = 'denied';
    return ANSWER;
  }
  exchange.cluster = target.cluster;
  exchange.verdict = 'forwarded';
  return NEXT;
}

/** By chance and weight, unless the client may name the backend and does; undefined when there is none of the name. */
function chooseTarget(exchange: Exchange, route: Route, testRandomHeader: string | undefined): RouteTarget | undefined {
  const { targets } = route;
  if (exchange.policy?.debugRouting === true) {
    const name = exchange.request.fields.lookupMesh('x-smi-backend');
    if (name !== undefined) return namedTarget(route, name);
  }
  if (targets.length === 1) return targets[0];
  return pickTarget(route, testValue(exchange, testRandomHeader) ?? randomValue(route));
}

function reject(exchange: Exchange, status: number): Step {
  exchange.status = status;
  exchange.verdict = 'rejected';
  return ANSWER;
}
