import type { Exchange } from '../routing/exchange.ts';
import { type OwnContext, readContext, W3C } from './context.ts';
import { amongShare, newSpanId, newTraceId } from './ids.ts';
import { RequestTrace } from './request-trace.ts';
import type { SpanSink } from './span.ts';

export interface TracerSettings {
  /** Of the traces that begin here, between 0 and 1. */
  readonly share: number;
  readonly keepErrors: boolean;
  /** 0: no request is slow. */
  readonly keepSlowMillis: number;
  /** The forms in which the context goes on, a set. */
  readonly forms: number;
}

/** Follows the requests of one proxy. */
export class Tracer {
  readonly #settings: TracerSettings;
  readonly #sink: SpanSink;

  constructor(settings: TracerSettings, sink: SpanSink) {
    this.#settings = settings;
    this.#sink = sink;
  }

  /**
   * The trace of a request that begins; undefined when nothing can become of it here, so that its context goes on as it came. Who
   * called before has decided whether the trace is sampled; otherwise the share does.
   */
  begin({ request, startedAt }: Exchange, direction: 'outbound' | 'inbound'): RequestTrace | undefined {
    const { share, keepErrors, keepSlowMillis, forms } = this.#settings;
    const came = readContext(request.fields);
    const traceId = came === undefined || came.traceId === '' ? newTraceId() : came.traceId;
    const sampled = came?.sampled ?? amongShare(traceId, share);
    const keeps = keepErrors || keepSlowMillis > 0;
    if (!sampled && !keeps && came?.sampled === false) return undefined;
    const context: OwnContext = {
      traceId,
      spanId: newSpanId(),
      sampled,
      debug: came?.debug ?? false,
      forms: forms | (came?.forms ?? 0),
      foreignState: ((came?.forms ?? 0) & W3C) === 0,
    };
    const began = { direction, startedAt, epoch: Date.now() - performance.now() };
    return new RequestTrace(context, came?.spanId ?? '', began, { keepErrors, keepSlowMillis }, this.#sink);
  }
}
