import type { Tracer } from '../tracing/tracer.ts';
import { NEXT, type Phase } from './phase.ts';

/** Follows a request from its head to its end; absent without tracing. */
export function tracePhase(tracer: Tracer | undefined, direction: 'outbound' | 'inbound'): Phase | undefined {
  if (tracer === undefined) return undefined;
  return {
    name: 'trace',
    request: (exchange) => {
      exchange.trace = tracer.begin(exchange, direction);
      return NEXT;
    },
    end: (exchange) => exchange.trace?.end(exchange),
  };
}

/** Each try of it, behind the choice of an endpoint. */
export function traceTryPhase(tracer: Tracer | undefined): Phase | undefined {
  if (tracer === undefined) return undefined;
  return {
    name: 'trace-try',
    eachTry: true,
    request: (exchange) => {
      exchange.trace?.tryBegins(exchange);
      return NEXT;
    },
    response: (exchange) => exchange.trace?.answered(exchange),
  };
}
