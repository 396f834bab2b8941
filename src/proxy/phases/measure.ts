import type { RequestSeries } from '../telemetry/requests.ts';
import type { Phase } from './phase.ts';

/** Counts every request in the series that a later phase chose, or in `otherwise` when none did. */
export function measurePhase(otherwise: RequestSeries): Phase {
  return {
    name: 'measure',
    end: (exchange) => {
      const seconds = (exchange.now - exchange.startedAt) / 1000;
      (exchange.series ?? otherwise).record(exchange.status, exchange.verdict, seconds);
    },
  };
}
