import type { ResourcePlural, TrafficSummary, TrafficTotal } from '../../metrics/contract.ts';
import { table } from '../control-plane/words.ts';
import { millisText, nameOf, rateText, statement, successText } from './words.ts';

interface Shown {
  readonly by: ResourcePlural;
  readonly side: string;
  readonly direction: 'from' | 'to';
  readonly wide: boolean;
}

/** The table of `top`, a line each. */
export function renderTop(
  summary: TrafficSummary,
  rows: readonly TrafficTotal[],
  { by, side, direction, wide }: Shown,
): readonly string[] {
  const what = direction === 'from' ? 'received' : 'sent';
  const head = `${by}: what they ${what}, measured at the ${side} side; ${statement(summary)}`;
  if (rows.length === 0) return [head, 'no traffic'];
  const splits = by === 'trafficsplits';
  const columns = ['NAME', ...(splits ? ['BACKEND', 'WEIGHT'] : []), 'SUCCESS', 'RPS', 'P50', 'P90', 'P99'];
  const more = wide ? ['REQUESTS', 'FAILED', 'DENIED', 'RETRIES', 'CONNECTIONS'] : [];
  const lines = rows.map((row) => [
    nameOf(row.resource),
    ...(splits ? [row.backend?.name ?? '-', String(row.backend?.weight ?? '-')] : []),
    successText(row),
    rateText(row, summary.observedSeconds),
    ...[row.latency.p50Millis, row.latency.p90Millis, row.latency.p99Millis].map(millisText),
    ...(wide
      ? [
          row.success + row.failure,
          row.failure,
          row.denied,
          row.retries,
          row.connections.carried + row.connections.refused,
        ].map(String)
      : []),
  ]);
  return [head, ...table([[...columns, ...more], ...lines])];
}
