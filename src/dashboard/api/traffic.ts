import type { AdminHandler } from '../../control/admin/contract.ts';
import { isRecord } from '../../lib/values.ts';
import type { TrafficCounts, TrafficReport, TrafficSeries } from '../../metrics/contract.ts';
import { LatencySketch } from '../../telemetry/latency-sketch.ts';
import type { Golden, TrafficScope } from './contract.ts';

/** What was measured within a window: nothing, and why, where nobody measures. */
export interface Traffic {
  readonly scope: TrafficScope;
  readonly series: readonly TrafficSeries[];
}

const askMillis = 5_000;

/** Asks the page `/traffic` of a control plane. Each request counts once, and no page of the dashboard tells the pods of one owner apart. */
export async function readTraffic(ask: AdminHandler, windowSeconds: number): Promise<Traffic> {
  const query = new URLSearchParams({ window: `${windowSeconds}s`, pods: 'merged' });
  const answer = await ask({ method: 'GET', path: '/traffic', query, gone: AbortSignal.timeout(askMillis) });
  const nothing = (problem: string): Traffic => ({
    scope: { windowSeconds, observedSeconds: 0, at: Date.now(), problem },
    series: [],
  });
  if (answer.status === 404) return nothing('nobody measures the traffic of this mesh');
  const value = parse(answer.body);
  if (answer.status !== 200 || !isReport(value)) {
    return nothing(isRecord(value) && typeof value.error === 'string' ? value.error : `status ${answer.status}`);
  }
  const { observedSeconds, at, series, proxies } = value;
  // Zeros of those that were not read are no zeros.
  const unread =
    proxies === undefined || proxies.read >= proxies.known
      ? {}
      : { problem: `${proxies.read} of ${proxies.known} proxies could be asked what they counted` };
  return { scope: { windowSeconds, observedSeconds, at, ...unread }, series };
}

/** Counts of several series, added up. */
export function goldenOf(series: readonly TrafficSeries[], { observedSeconds }: TrafficScope): Golden {
  const sum = (pick: (counts: TrafficCounts) => number) => series.reduce((total, one) => total + pick(one), 0);
  const requests = sum(({ success, failure }) => success + failure);
  const sketch = new LatencySketch();
  for (const { latency } of series) if (latency !== undefined) sketch.add(latency);
  const quantile = (part: number) => 1_000 * (sketch.quantile(part) ?? 0);
  return {
    requests,
    perSecond: observedSeconds > 0 ? requests / observedSeconds : 0,
    ...(requests > 0 ? { success: sum(({ success }) => success) / requests } : {}),
    failures: sum(({ failure }) => failure),
    denied: sum(({ denied }) => denied),
    retries: sum(({ retries }) => retries),
    ...(sketch.count > 0 ? { p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99) } : {}),
  };
}

export function codesOf(series: readonly TrafficSeries[]): Readonly<Record<string, number>> {
  const codes: Record<string, number> = {};
  for (const one of series) {
    for (const [code, count] of Object.entries(one.codes)) codes[code] = (codes[code] ?? 0) + count;
  }
  return codes;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Both ends are of one release. */
function isReport(value: unknown): value is TrafficReport {
  return isRecord(value) && Array.isArray(value.series) && typeof value.observedSeconds === 'number';
}
