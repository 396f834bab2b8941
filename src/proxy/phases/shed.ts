import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { LoadShedding } from '../load-shedding.ts';
import { overflow } from '../telemetry/clusters.ts';
import { ANSWER, NEXT, type Phase } from './phase.ts';

/** Refuses a share of the requests while the process cannot keep up. */
export function shedPhase(shedding: LoadShedding, registry: MetricsRegistry): Phase {
  return {
    name: 'shed',
    request: (exchange) => {
      const { share } = shedding;
      if (share === 0 || Math.random() >= share) return NEXT;
      overflow(registry, 'loop-delay', '');
      exchange.status = 503;
      exchange.reason = 'loop-delay';
      exchange.overloaded();
      exchange.unsent();
      return ANSWER;
    },
  };
}
