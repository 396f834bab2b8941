import { ok } from '../../../src/lib/result.ts';
import type { MetricsSource, TrafficReport, TrafficSeries } from '../../../src/metrics/contract.ts';

/** Reports the same whatever the window is, and that it has been observed for all of it. */
export function fixedSource(series: readonly TrafficSeries[], rest: Partial<TrafficReport> = {}): MetricsSource {
  return {
    report: async (windowMillis, at, side) => {
      const seconds = windowMillis / 1_000;
      const kept = series.filter((each) => side === undefined || each.side === side);
      return ok({
        windowSeconds: seconds,
        observedSeconds: seconds,
        at,
        measuredBy: 'collector',
        ...rest,
        series: kept,
      });
    },
  };
}
