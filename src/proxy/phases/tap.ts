import type { RecordSource } from '../telemetry/records.ts';
import type { Phase } from './phase.ts';

/** Offers each finished request to those who look. */
export function tapPhase(records: RecordSource): Phase {
  return {
    name: 'tap',
    end: (exchange) => {
      if (!records.idle) records.finished(exchange);
    },
  };
}
