import { traceIdOf } from '../tracing/request-trace.ts';
import type { Phase } from './phase.ts';

/** Takes one line for each request. */
export type AccessLog = (line: string) => void;

/** One JSON line a request; absent without an access log. */
export function logPhase(log: AccessLog | undefined): Phase | undefined {
  if (log === undefined) return undefined;
  return {
    name: 'log',
    end: (exchange) => {
      const { method, authority, path, status, verdict, reason, peer, rule, series, endpoint } = exchange;
      const millis = Math.round((exchange.now - exchange.startedAt) * 1000) / 1000;
      const { destination = '', backend = '' } = series?.labels ?? {};
      const retries = exchange.tried.length;
      const trace = traceIdOf(exchange);
      log(
        JSON.stringify({
          method,
          authority,
          path,
          status,
          verdict,
          peer,
          destination,
          backend,
          rule,
          millis,
          ...(reason === '' ? {} : { reason, endpoint: endpoint?.id }),
          ...(retries === 0 ? {} : { retries }),
          ...(trace === '' ? {} : { trace }),
        }),
      );
    },
  };
}
