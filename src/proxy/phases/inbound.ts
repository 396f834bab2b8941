import type { MetricsRegistry } from '../../telemetry/registry.ts';
import { UNSUPPORTED_UPGRADE } from '../codec/upgrade.ts';
import type { LoadShedding } from '../load-shedding.ts';
import type { Exchange } from '../routing/exchange.ts';
import type { InboundTable } from '../routing/inbound-table.ts';
import { readPath } from '../routing/path.ts';
import type { DenialLog } from '../telemetry/denials.ts';
import type { RecordSource } from '../telemetry/records.ts';
import type { Tracer } from '../tracing/tracer.ts';
import type { Cluster } from '../upstream/cluster.ts';
import { authenticatePhase } from './authenticate.ts';
import { deadlinePhase } from './deadline.ts';
import { balancePhase, forwardPhase } from './forward.ts';
import { type AccessLog, logPhase } from './log.ts';
import { measurePhase } from './measure.ts';
import { ANSWER, type CompiledPhases, compilePhases, NEXT, type Phase } from './phase.ts';
import { rateLimitPhase } from './rate-limit.ts';
import { shedPhase } from './shed.ts';
import { tapPhase } from './tap.ts';
import { tracePhase, traceTryPhase } from './trace.ts';

export interface InboundSettings {
  readonly accessLog: AccessLog | undefined;
  readonly shedding: LoadShedding;
  readonly registry: MetricsRegistry;
  /** Whether requests are counted. */
  readonly counted: boolean;
  readonly denials: DenialLog;
  readonly records: RecordSource;
  /** Undefined without tracing. */
  readonly tracer: Tracer | undefined;
}

/** What happens to a request for the program behind this proxy, in order. */
export function inboundPhases(table: InboundTable, app: Cluster, settings: InboundSettings): CompiledPhases {
  return compilePhases([
    logPhase(settings.accessLog),
    tapPhase(settings.records),
    settings.counted ? measurePhase(table.rejected) : undefined,
    tracePhase(settings.tracer, 'inbound'),
    shedPhase(settings.shedding, settings.registry),
    identifyPhase(table),
    matchPhase(app),
    authenticatePhase(table.authentication, settings.denials),
    authorizePhase(table, settings.denials),
    rateLimitPhase(table.limits),
    deadlinePhase,
    balancePhase,
    traceTryPhase(settings.tracer),
    forwardPhase,
  ]);
}

/**
 * The peer was proven by the TLS handshake; from here on the request is counted as its own. The program is told who it is
 * in the format of Envoy; what the client wrote there itself was not read as a field of its request.
 */
function identifyPhase(table: InboundTable): Phase {
  return {
    name: 'identify',
    request: (exchange) => {
      const { uncovered, forwarded } = table.access(exchange.peer, exchange.peerAddress);
      exchange.series = uncovered;
      if (forwarded !== '') exchange.editRequest().add('x-forwarded-client-cert', forwarded);
      return NEXT;
    },
  };
}

function matchPhase(app: Cluster): Phase {
  return {
    name: 'match',
    request: (exchange) => {
      exchange.authority = exchange.request.host;
      exchange.cluster = app;
      if (!readPath(exchange)) exchange.status = 400;
      else if (exchange.request.upgrade === UNSUPPORTED_UPGRADE) exchange.status = 403;
      else return NEXT;
      return ANSWER;
    },
  };
}

/** The first grant that covers the request lets it in; otherwise the mode decides. */
function authorizePhase(table: InboundTable, denials: DenialLog): Phase {
  return {
    name: 'authorize',
    request: (exchange) => {
      for (const grant of table.access(exchange.peer, exchange.peerAddress).grants) {
        if (grant.matches !== undefined && !grant.matches(exchange)) continue;
        exchange.series = grant.series;
        exchange.rule = grant.rule;
        exchange.grant = grant;
        exchange.verdict = 'allowed';
        return NEXT;
      }
      return uncovered(table, exchange, denials);
    },
  };
}

function uncovered(table: InboundTable, exchange: Exchange, denials: DenialLog): typeof NEXT | typeof ANSWER {
  // Grants speak of who proves an identity; a plain caller is here because the port lets plain callers in.
  if (exchange.peer === '') {
    exchange.verdict = 'unauthenticated';
    return NEXT;
  }
  if (table.mode === 'ALLOW') {
    exchange.verdict = 'allowed';
    return NEXT;
  }
  const nearest = table.nearest(exchange.peer, exchange.peerAddress);
  exchange.grant = nearest;
  denials.note(table.mode, exchange.peer, nearest?.rule ?? '');
  if (table.mode === 'AUDIT') {
    exchange.verdict = 'audited';
    return NEXT;
  }
  exchange.verdict = 'denied';
  exchange.status = 403;
  return ANSWER;
}
