import type { Exchange, FollowedRequest } from '../routing/exchange.ts';
import { type OwnContext, readContext, writeContext } from './context.ts';
import { newSpanId } from './ids.ts';
import { CLIENT, type FinishedSpan, INTERNAL, SERVER, type SpanSink } from './span.ts';

interface Began {
  readonly direction: 'outbound' | 'inbound';
  /** On the monotonic clock. */
  readonly startedAt: number;
  /** What makes a time of the clock out of one of the monotonic clock. */
  readonly epoch: number;
}

interface Keeps {
  readonly keepErrors: boolean;
  readonly keepSlowMillis: number;
}

/** One try to have the request answered. */
interface Try {
  readonly spanId: string;
  readonly startedAt: number;
  readonly endpoint: string;
  readonly number: number;
}

/** The spans of one request in one proxy: that of the hop, inside it the decision about access and each try. */
export class RequestTrace implements FollowedRequest {
  readonly traceId: string;
  readonly #context: OwnContext;
  readonly #parentId: string;
  readonly #began: Began;
  readonly #keeps: Keeps;
  readonly #sink: SpanSink;
  /** Of the tries, in case they are wanted. */
  readonly #spans: FinishedSpan[] = [];
  #decidedAt = 0;
  #try: Try | undefined;

  constructor(context: OwnContext, parentId: string, began: Began, keeps: Keeps, sink: SpanSink) {
    this.traceId = context.traceId;
    this.#context = context;
    this.#parentId = parentId;
    this.#began = began;
    this.#keeps = keeps;
    this.#sink = sink;
  }

  get sampled(): boolean {
    return this.#context.sampled;
  }

  tryBegins(exchange: Exchange): void {
    const now = performance.now();
    if (this.#decidedAt === 0) this.#decidedAt = now;
    this.#endTry(now, 0, '');
    const number = exchange.tried.length;
    this.#try = { spanId: newSpanId(), startedAt: now, endpoint: exchange.endpoint?.id ?? '', number };
    if (tellsNext(exchange)) {
      const { spanId } = this.#context;
      writeContext({ ...this.#context, spanId: this.#try.spanId }, spanId, exchange.editRequest());
    }
  }

  answered({ now, status }: Exchange): void {
    this.#endTry(now, status, '');
  }

  unanswered(reason: string): void {
    this.#endTry(performance.now(), 0, reason);
  }

  end(exchange: Exchange): void {
    const { now, status, verdict, startedAt } = exchange;
    this.#endTry(now, 0, '');
    const failed = status === 0 || status >= 500;
    const kept = this.#keptBy(failed, now - startedAt);
    if (kept === undefined) return;
    const hop = this.#hop(exchange, failed, kept);
    if (verdict !== 'rejected' && this.#began.direction === 'inbound') this.#sink(this.#decision(exchange));
    for (const span of this.#spans) this.#sink(span);
    this.#sink(hop);
  }

  /** Why the spans are reported; undefined: they are not. */
  #keptBy(failed: boolean, millis: number): 'sampled' | 'error' | 'slow' | undefined {
    const { keepErrors, keepSlowMillis } = this.#keeps;
    if (this.sampled) return 'sampled';
    if (keepErrors && failed) return 'error';
    return keepSlowMillis > 0 && millis >= keepSlowMillis ? 'slow' : undefined;
  }

  #hop(exchange: Exchange, failed: boolean, kept: string): FinishedSpan {
    const { method, authority, path, status, verdict, series, tried, now } = exchange;
    const { direction, startedAt } = this.#began;
    const destination = series?.labels.destination ?? '';
    return this.#span({
      spanId: this.#context.spanId,
      parentId: this.#parentId,
      name: `${method} ${direction === 'outbound' ? destination || authority : authority}`,
      kind: direction === 'outbound' ? INTERNAL : SERVER,
      from: startedAt,
      to: now,
      attributes: {
        'http.request.method': method,
        'server.address': authority,
        'url.path': path,
        ...(status === 0 ? {} : { 'http.response.status_code': status }),
        'smi.direction': direction,
        'smi.verdict': verdict,
        ...(destination === '' ? {} : { 'smi.destination': destination }),
        ...(series?.labels.backend ? { 'smi.backend': series.labels.backend } : {}),
        ...(direction === 'outbound' && exchange.rule !== '' ? { 'smi.split': exchange.rule } : {}),
        ...(tried.length === 0 ? {} : { 'smi.retries': tried.length }),
        ...(kept === 'sampled' ? {} : { 'smi.kept': kept }),
      },
      error: failed ? `status ${status}` : undefined,
    });
  }

  /** Who may do what: by which rule the request came in, or which came nearest to letting it in. */
  #decision({ verdict, rule, grant, peer, now }: Exchange): FinishedSpan {
    const { startedAt } = this.#began;
    const denied = verdict === 'denied';
    const name = grant?.rule ?? rule;
    return this.#span({
      spanId: newSpanId(),
      parentId: this.#context.spanId,
      name: `access ${verdict}`,
      kind: INTERNAL,
      from: startedAt,
      to: this.#decidedAt === 0 ? now : this.#decidedAt,
      attributes: {
        'smi.verdict': verdict,
        ...(peer === '' ? {} : { 'smi.peer': peer }),
        ...(name === '' ? {} : { [verdict === 'allowed' ? 'smi.rule' : 'smi.nearest_rule']: name }),
        ...(grant?.origin === undefined
          ? {}
          : { 'smi.rule.object': grant.origin.object, 'smi.rule.path': grant.origin.path }),
      },
      error: denied ? `no rule lets ${peer === '' ? 'the caller' : peer} in` : undefined,
    });
  }

  #endTry(now: number, status: number, reason: string): void {
    const ended = this.#try;
    if (ended === undefined) return;
    this.#try = undefined;
    const { spanId, startedAt, endpoint, number } = ended;
    this.#spans.push(
      this.#span({
        spanId,
        parentId: this.#context.spanId,
        name: number === 0 ? 'try' : `retry ${number}`,
        kind: CLIENT,
        from: startedAt,
        to: now,
        attributes: {
          'network.peer.address': endpoint,
          ...(status === 0 ? {} : { 'http.response.status_code': status }),
          ...(number === 0 ? {} : { 'http.request.resend_count': number }),
        },
        error: status === 0 ? reason || 'no answer' : status >= 500 ? `status ${status}` : undefined,
      }),
    );
  }

  #span({
    from,
    to,
    ...rest
  }: { readonly from: number; readonly to: number } & Omit<
    FinishedSpan,
    'traceId' | 'sampled' | 'start' | 'end'
  >): FinishedSpan {
    const { epoch } = this.#began;
    return { ...rest, traceId: this.traceId, sampled: this.sampled, start: epoch + from, end: epoch + to };
  }
}

/** Hosts outside the mesh are told nothing that only the mesh knows. */
function tellsNext({ series }: Exchange): boolean {
  return series?.labels.destination !== 'outside';
}

/** Of the trace that a request belongs to, whether or not this proxy follows it; empty when there is none. */
export function traceIdOf({ trace, request }: Exchange): string {
  return trace?.traceId ?? readContext(request.fields)?.traceId ?? '';
}
