import { metrics } from './catalogue.ts';
import { type Counted, collect } from './collect.ts';
import { type Exposition, expose } from './exposition/negotiate.ts';

/** What a sidecar of either kind answers about what it counted: `/metrics` and `/telemetry`; undefined for other paths. */
export function telemetryPage(path: string, accept: string | undefined, counted: Counted): Exposition | undefined {
  switch (path) {
    case '/metrics': {
      const { registry, workload, startedAt } = counted;
      registry.gauge(metrics.countingSince, () => startedAt / 1000, { workload });
      return expose(registry, accept);
    }
    case '/telemetry':
      return { type: 'application/json', body: JSON.stringify(collect(counted, Date.now())) };
    default:
      return undefined;
  }
}
