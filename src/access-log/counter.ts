import type { CallerAccess, TrafficContext } from '../lib/traffic-context.ts';
import { metrics } from '../telemetry/catalogue.ts';
import type { MetricsRegistry } from '../telemetry/registry.ts';
import type { PodSeries, RequestSeries, ServingPod } from '../telemetry/requests.ts';
import type { TapHub } from '../telemetry/tap.ts';
import { KnownCallers } from './callers.ts';
import { flags, type LogEntry } from './entry.ts';
import { InboundSeries, ruleFor } from './inbound.ts';
import { connectionWay, OutboundSeries, requestWay, unconnectedVerdict } from './outbound.ts';
import { connectionRecord, requestRecord } from './record.ts';
import { codeOf, connectionVerdict, isDenied, requestVerdict, ruleOf, switching, wasTooLate } from './verdict.ts';

/** Where what is counted and seen goes. */
export interface Sinks {
  readonly registry: MetricsRegistry;
  readonly taps: TapHub;
}

const noCaller: CallerAccess = { owner: '', rules: [] };
/** Envoy does not say why it tried again. */
const retryReason = 'unknown';

/** Counts the entries of one stream in the series in which our own proxy would count them, and offers them to whoever taps. */
export class StreamCounter {
  readonly #context: TrafficContext;
  readonly #sinks: Sinks;
  readonly #outbound: OutboundSeries;
  readonly #inbound: InboundSeries;
  readonly #callers: KnownCallers;

  constructor(context: TrafficContext, sinks: Sinks) {
    this.#context = context;
    this.#sinks = sinks;
    this.#outbound = new OutboundSeries(context, sinks.registry);
    this.#inbound = new InboundSeries(context, sinks.registry);
    this.#callers = new KnownCallers(context);
  }

  take(entry: LogEntry): void {
    const { refused, direction } = this.#context;
    if (refused !== undefined) this.#refused(refused);
    else if (entry.kind === 'http') this.#request(entry);
    else if (direction === 'outbound') this.#outgoing(entry);
    else this.#incoming(entry);
  }

  #request(entry: LogEntry): void {
    const { taps } = this.#sinks;
    const context = this.#context;
    const outbound = context.direction === 'outbound';
    const verdict = requestVerdict(entry, context);
    const way = outbound ? requestWay(entry, context) : undefined;
    const { owner, rules } = outbound ? noCaller : this.#callers.of(entry);
    const series = way === undefined ? this.#letIn(entry, owner) : this.#outbound.series(way);
    const pod = outbound ? this.#outbound.pod(entry) : undefined;
    const code = codeOf(entry);
    const served = series.of(pod);
    served.record(code, verdict, entry.millis / 1_000);
    exemplify(served, entry);
    if (outbound && entry.attempts > 1) series.retried(retryReason, entry.attempts - 1);
    if (wasTooLate(entry)) series.deadlineExceeded();
    if (entry.flags.has(flags.delayInjected)) series.faulted('delay');
    if (entry.flags.has(flags.faultInjected)) series.faulted('abort');
    if (verdict === 'limited') series.rateLimited(onlyOne(context.access?.limits));
    if (code === switching) {
      const { toServer, toClient } = series.tunnel();
      toServer.value += entry.requestBytes;
      toClient.value += entry.responseBytes;
    }
    if (!taps.idle) taps.offer(requestRecord(entry, context, { verdict, way, pod, rules, headers: taps.wantsHeaders }));
  }

  #letIn(entry: LogEntry, owner: string): RequestSeries {
    const rule = isDenied(entry) ? '' : ruleOf(entry, this.#context.access?.mode ?? 'deny');
    return this.#inbound.series(entry.peer, owner, rule);
  }

  #outgoing(entry: LogEntry): void {
    const { way, addresses } = this.#context;
    if (way === undefined) return;
    const meant = connectionWay(entry, way, addresses);
    const series = this.#outbound.series(meant);
    const pod = this.#outbound.pod(entry);
    if (entry.open) {
      series.connection('forwarded', pod);
      for (let tries = entry.attempts; tries > 1; tries--) series.connectRetried();
      return;
    }
    const verdict = entry.connected ? 'forwarded' : unconnectedVerdict(entry, way);
    if (entry.connected) carried(series, pod, entry);
    else {
      series.connection(verdict);
      for (let tries = entry.attempts; tries > 1; tries--) series.connectRetried();
    }
    this.#offer(entry, { verdict, way: meant, pod, rules: [] });
  }

  #incoming(entry: LogEntry): void {
    if (entry.handshake !== '' && entry.access === undefined && !entry.connected) {
      this.#handshake(entry);
      return;
    }
    const rule = ruleFor(this.#context, entry.peer)?.rule ?? '';
    const verdict = connectionVerdict(this.#context, entry.peer, rule);
    const { owner, rules } = this.#callers.of(entry);
    const series = this.#inbound.series(entry.peer, owner, rule);
    if (entry.open) series.connection(verdict);
    else if (entry.connected) carried(series, undefined, entry);
    else {
      series.connection(verdict);
      if (verdict !== 'denied') series.connection('failed');
    }
    if (!entry.open) this.#offer(entry, { verdict, way: undefined, pod: undefined, rules });
  }

  /** Where connections are decided about in the handshake, Envoy does not say whose certificate it did not like. */
  #handshake(entry: LogEntry): void {
    const { access } = this.#context;
    if (access?.rules !== undefined && entry.handshake.includes(unwanted)) {
      this.#inbound.series('', '', '').connection('denied');
      const { rules } = this.#callers.of(entry);
      this.#offer(entry, { verdict: 'denied', way: undefined, pod: undefined, rules });
    } else this.#refused('handshake');
  }

  #refused(reason: string): void {
    const { direction } = this.#context;
    this.#sinks.registry.counter(metrics.refusedConnections, { direction, reason }).value += 1;
  }

  #offer(entry: LogEntry, ended: Parameters<typeof connectionRecord>[2]): void {
    const { taps } = this.#sinks;
    if (!taps.idle) taps.offer(connectionRecord(entry, this.#context, ended));
  }
}

/** What Envoy says of a peer that proved an identity which may not connect. */
const unwanted = 'SAN';

function exemplify(series: PodSeries, { requestHeaders, startedAt, millis }: LogEntry): void {
  const trace = requestHeaders['traceparent'];
  const at = startedAt + millis;
  if (trace === undefined || !series.wantsExemplar(at)) return;
  const id = /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(trace)?.[1];
  if (id !== undefined) series.exemplify(id, millis / 1_000, at);
}

function carried(series: RequestSeries, pod: ServingPod | undefined, entry: LogEntry): void {
  const { toServer, toClient, seconds } = series.carried(pod);
  toServer.value += entry.receivedBytes;
  toClient.value += entry.sentBytes;
  seconds.value += entry.millis / 1_000;
}

/** Of several policies Envoy does not say which. */
function onlyOne(names: readonly string[] = []): string {
  const [only = '', ...others] = names;
  return others.length > 0 ? '' : only;
}
