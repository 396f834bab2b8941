import type { RequestSeries } from '../../telemetry/requests.ts';
import type { Phase } from './phase.ts';

/** When the monotonic clock began, in milliseconds since 1970. */
const startedAt = performance.timeOrigin;

/** Counts every request in the series that a later phase chose, or in `otherwise` when none did. */
export function measurePhase(otherwise: RequestSeries): Phase {
  return {
    name: 'measure',
    end: (exchange) => {
      const seconds = (exchange.now - exchange.startedAt) / 1000;
      const series = (exchange.series ?? otherwise).of(exchange.endpoint?.pool.target);
      series.record(exchange.status, exchange.verdict, seconds);
      if (!series.wantsExemplar(exchange.now)) return;
      const traceId = traceIdOf(exchange.request.fields.lookup('traceparent'));
      if (traceId !== undefined) series.exemplify(traceId, seconds, startedAt + exchange.now);
    },
  };
}

/** That of a W3C `traceparent`. */
function traceIdOf(header: string | undefined): string | undefined {
  return header === undefined ? undefined : /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(header)?.[1];
}
