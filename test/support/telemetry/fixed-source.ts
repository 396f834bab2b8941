import { ok } from '../../../src/lib/result.ts';
import type { MetricsSource, Side, TrafficReport, TrafficSeries } from '../../../src/metrics/contract.ts';
import { summarize } from '../../../src/metrics/summarize.ts';

/** Reports the same whatever the window is, and that it has been observed for all of it. */
export function fixedSource(series: readonly TrafficSeries[], rest: Partial<TrafficReport> = {}): MetricsSource {
  const reported = (windowMillis: number, at: number, side: Side | undefined): TrafficReport => {
    const seconds = windowMillis / 1_000;
    const kept = series.filter((each) => side === undefined || each.side === side);
    return { windowSeconds: seconds, observedSeconds: seconds, at, measuredBy: 'collector', ...rest, series: kept };
  };
  return {
    report: async (...question) => ok(reported(...question)),
    summary: async (windowMillis, at, wanted) => ok(summarize(reported(windowMillis, at, wanted.side), wanted)),
  };
}
