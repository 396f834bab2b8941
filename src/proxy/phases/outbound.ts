import { UNSUPPORTED_UPGRADE } from '../codec/upgrade.ts';
import type { LoadShedding } from '../load-shedding.ts';
import type { Exchange } from '../routing/exchange.ts';
import { mayAdmit, type OutboundTable, pickTarget, type Route, randomValue } from '../routing/outbound-table.ts';
import { readPath } from '../routing/path.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';
import { deadlinePhase } from './deadline.ts';
import { balancePhase, forwardPhase } from './forward.ts';
import { type AccessLog, logPhase } from './log.ts';
import { measurePhase } from './measure.ts';
import { ANSWER, type CompiledPhases, compilePhases, NEXT, type Phase, type Step } from './phase.ts';
import { retryPhase } from './retry.ts';
import { shedPhase } from './shed.ts';

export interface OutboundSettings {
  readonly accessLog: AccessLog | undefined;
  readonly shedding: LoadShedding;
  readonly registry: MetricsRegistry;
  readonly testRandomHeader: string | undefined;
}

/** What happens to a client's request, in order. */
export function outboundPhases(table: OutboundTable, settings: OutboundSettings): CompiledPhases {
  return compilePhases([
    logPhase(settings.accessLog),
    measurePhase(table.rejected),
    shedPhase(settings.shedding, settings.registry),
    matchPhase(table, settings.testRandomHeader),
    // mirror
    deadlinePhase,
    // fault
    retryPhase,
    balancePhase,
    forwardPhase,
  ]);
}

/** Authority -> service, then its first matching rule, then one of the rule's targets. */
function matchPhase(table: OutboundTable, testRandomHeader: string | undefined): Phase {
  const { authorities } = table;
  return {
    name: 'match',
    request: (exchange) => {
      if (!readPath(exchange)) return reject(exchange, 400);
      const { host } = exchange.request;
      let service = authorities.get(host);
      exchange.authority = host;
      if (service === undefined) {
        exchange.authority = host.toLowerCase();
        service = authorities.get(exchange.authority);
        if (service === undefined) return reject(exchange, 404);
      }
      if (exchange.request.upgrade === UNSUPPORTED_UPGRADE) {
        exchange.series = service.rejected;
        return reject(exchange, 403);
      }
      exchange.policy = service.policy ?? service.policies.select(exchange);
      for (const route of service.routes) {
        if (route.matches !== undefined && !route.matches(exchange)) continue;
        return toTarget(exchange, route, testRandomHeader);
      }
      exchange.series = service.rejected;
      return reject(exchange, 503);
    },
  };
}

function toTarget(exchange: Exchange, route: Route, testRandomHeader: string | undefined): Step {
  exchange.rule = route.split;
  if (route.total === 0) {
    exchange.series = route.failed;
    return reject(exchange, 503);
  }
  const { targets } = route;
  const target =
    targets.length === 1 ? targets[0]! : pickTarget(route, testValue(exchange, testRandomHeader) ?? randomValue(route));
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

function testValue(exchange: Exchange, name: string | undefined): number | undefined {
  const text = name === undefined ? undefined : exchange.header(name);
  return text !== undefined && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function reject(exchange: Exchange, status: number): Step {
  exchange.status = status;
  exchange.verdict = 'rejected';
  return ANSWER;
}
