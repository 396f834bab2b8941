import { parseDuration } from '../lib/duration.ts';
import {
  type MetricsSource,
  type ResourcePlural,
  resourceKinds,
  type Side,
  type SummaryPart,
  type TrafficReport,
  type TrafficSummary,
} from './contract.ts';
import { type BackendWeights, summarize } from './summarize.ts';

/** Of a request that names none, in milliseconds. */
const defaultWindow = 30_000;

export interface PageAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Answers `/traffic?window=30s`, a TrafficReport, and `/traffic?window=30s&by=deployments`, a TrafficSummary; `side` and `only` narrow them. */
export function trafficPage(
  source: MetricsSource,
  weights: BackendWeights,
): (query: URLSearchParams, now: number) => Promise<PageAnswer> {
  return async (query, now) => {
    const windowMillis = parseDuration(query.get('window') ?? `${defaultWindow}ms`);
    if (windowMillis === undefined || windowMillis < 1_000)
      return problem(400, 'window must be a duration of a second or more: 30s, 2m');
    const by = query.get('by');
    if (by !== null && !isPlural(by)) return problem(400, `by must be one of ${Object.keys(resourceKinds).join(', ')}`);
    const side = query.get('side') ?? undefined;
    if (!isOneOf(sides, side)) return problem(400, `side must be one of ${sides.join(', ')}`);
    const only = query.get('only') ?? undefined;
    if (!isOneOf(parts, only)) return problem(400, `only must be one of ${parts.join(', ')}`);
    const report = await source.report(windowMillis, now, side);
    if (!report.ok) return problem(503, report.error);
    return json(200, by === null ? report.value : summarize(report.value, by, weights, only));
  };
}

const sides: readonly Side[] = ['client', 'server'];
const parts: readonly SummaryPart[] = ['edges', 'from', 'to'];

function isOneOf<T extends string>(values: readonly T[], value: string | undefined): value is T | undefined {
  return value === undefined || values.some((each) => each === value);
}

function isPlural(text: string): text is ResourcePlural {
  return Object.hasOwn(resourceKinds, text);
}

function problem(status: number, error: string): PageAnswer {
  return json(status, { error });
}

function json(status: number, value: TrafficReport | TrafficSummary | { readonly error: string }): PageAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
