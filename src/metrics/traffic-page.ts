import { parseDuration } from '../lib/duration.ts';
import { err, ok, type Result } from '../lib/result.ts';
import {
  type BackendWeights,
  type MetricsSource,
  type ResourcePlural,
  resourceKinds,
  type Side,
  type SummaryPart,
  type TrafficReport,
  type TrafficSummary,
} from './contract.ts';
import { mergePods } from './merge-pods.ts';

/** Of a request that names none, in milliseconds. */
const defaultWindow = 30_000;

export interface PageAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/**
 * Answers `/traffic?window=30s`, a TrafficReport, and `/traffic?window=30s&by=deployments`, a TrafficSummary. `side=server` and, of sums,
 * `only=from` leave out the rest; in a report with `pods=merged` those of one owner count together, and each request once.
 */
export function trafficPage(
  source: MetricsSource,
  weights: BackendWeights,
): (query: URLSearchParams, now: number) => Promise<PageAnswer> {
  return async (query, now) => {
    const question = readQuestion(query);
    if (!question.ok) return problem(400, question.error);
    const { windowMillis, by, side, only, pods } = question.value;
    if (by !== undefined) return answer(await source.summary(windowMillis, now, { by, weights, only, side }));
    const found = await source.report(windowMillis, now, side);
    return answer(found.ok && pods === 'merged' ? ok(mergePods(found.value)) : found);
  };
}

const choices = {
  by: Object.keys(resourceKinds) as readonly ResourcePlural[],
  side: ['client', 'server'] satisfies readonly Side[],
  only: ['edges', 'from', 'to'] satisfies readonly SummaryPart[],
  pods: ['merged'],
} as const;

type Choices = { readonly [Name in keyof typeof choices]?: (typeof choices)[Name][number] };

function readQuestion(query: URLSearchParams): Result<Choices & { readonly windowMillis: number }, string> {
  const windowMillis = parseDuration(query.get('window') ?? `${defaultWindow}ms`);
  if (windowMillis === undefined || windowMillis < 1_000)
    return err('window must be a duration of a second or more: 30s, 2m');
  const chosen: Record<string, string> = {};
  for (const [name, values] of Object.entries<readonly string[]>(choices)) {
    const value = query.get(name);
    if (value === null) continue;
    if (!values.includes(value)) return err(`${name} must be one of ${values.join(', ')}`);
    chosen[name] = value;
  }
  return ok({ ...(chosen as Choices), windowMillis });
}

function answer(found: Result<TrafficReport | TrafficSummary, string>): PageAnswer {
  return found.ok ? json(200, found.value) : problem(503, found.error);
}

function problem(status: number, error: string): PageAnswer {
  return json(status, { error });
}

function json(status: number, value: TrafficReport | TrafficSummary | { readonly error: string }): PageAnswer {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` };
}
