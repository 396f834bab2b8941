import type { Loss } from '../../../src/adapter/contract.ts';
import type { Feature } from '../../../src/adapter/features.ts';
import type { MergedPolicy } from '../../../src/adapter/policy-cases.ts';
import type { HeaderEdits, RequestPolicy, Retries, RetryCondition, Timeouts } from '../../../src/model/policy.ts';
import { isHeaderName, isHeaderValue } from './headers.ts';
import type { LossList } from './losses.ts';
import type { References } from './references.ts';
import type { RouteStyle } from './style.ts';

type Part = Readonly<Record<string, unknown>>;

interface PolicyContext {
  readonly references: References;
  readonly losses: LossList;
  readonly style: RouteStyle;
}

/** What a rule says of requests beside where they go; retries come apart, since they may be for some methods only. */
export function policyParts(merged: MergedPolicy, context: PolicyContext): Part {
  const { timeouts, mirror, headers } = merged.policy;
  const lost = lostOf(merged, context.losses);
  const filters = [
    ...headerFilter('RequestHeaderModifier', spelled(headers?.request, context.style), lost),
    ...headerFilter('ResponseHeaderModifier', spelled(headers?.response, context.style), lost),
    ...(mirror === undefined ? [] : [mirrorFilter(mirror, context.references)]),
  ];
  const limits = timeouts && timeoutsOf(timeouts, lost);
  return {
    ...(filters.length === 0 ? {} : { filters }),
    ...(limits === undefined || Object.keys(limits).length === 0 ? {} : { timeouts: limits }),
  };
}

type Lost = (feature: Feature, kind: Loss['kind'], start: string, text: string) => void;

function lostOf({ originsOf }: MergedPolicy, losses: LossList): Lost {
  return (feature, kind, start, text) => losses.add({ feature, kind, text, origins: originsOf(start) });
}

function timeoutsOf({ request, perTry, idle }: Timeouts, lost: Lost): Part {
  if (idle !== undefined && idle > 0) {
    lost('request-timeouts', 'dropped', 'timeouts.idle', 'no route can end a request that is idle');
  }
  const whole = perTry !== undefined && request !== undefined && request > 0 && (perTry === 0 || perTry >= request);
  const ofTry = whole ? undefined : perTry;
  if (ofTry !== undefined && ofTry > 0) {
    const text = 'timeouts.backendRequest of a route counts up to the end of the answer, not up to its head';
    lost('request-timeouts', 'changed', 'timeouts.perTry', text);
  }
  return {
    ...(request === undefined ? {} : { request: duration(request) }),
    ...(ofTry === undefined ? {} : { backendRequest: duration(ofTry) }),
  };
}

/** A rule that says nothing of retries, without the limit of a try where that would be another. */
export function withoutRetry(rule: Part, merged: MergedPolicy, { losses, style }: PolicyContext): Part {
  const { timeouts = {}, ...others } = rule;
  const { backendRequest, ...rest } = timeouts as Part;
  if (backendRequest === undefined || style.tryWithoutRetry) return rule;
  const text = 'a rule without retries has no limit for its one try';
  lostOf(merged, losses)('request-timeouts', 'dropped', 'timeouts.perTry', text);
  return Object.keys(rest).length === 0 ? others : { ...others, timeouts: rest };
}

const statuses: Partial<Record<RetryCondition, readonly number[]>> = {
  gatewayError: [502, 503, 504],
  // Those of 5xx that every implementation knows.
  serverError: [500, 502, 503, 504],
  rateLimited: [429],
};
const defaultAttempts = 2;

/** HTTPRouteRetry. */
export function retryOf(merged: MergedPolicy, { losses, style }: PolicyContext): Part | undefined {
  const { retries } = merged.policy;
  if (retries === undefined) return undefined;
  const { on = [], attempts = defaultAttempts, backoff, budget } = retries;
  if (attempts === 0) return { attempts: 0 };
  // Nothing that asks for a retry, and none in the API's own words.
  if (on.length === 0) return undefined;
  const lost = lostOf(merged, losses);
  const unknown = on.filter(
    (condition) => statuses[condition] === undefined && !style.retriedAnyhow.includes(condition),
  );
  if (unknown.length > 0) lost('retries', 'dropped', 'retries.on', `no route retries on ${unknown.join(', ')}`);
  if (on.includes('serverError')) {
    lost('retries', 'changed', 'retries.on', 'of serverError the statuses 500, 502, 503 and 504 are retried');
  }
  if (!on.includes('connectFailure')) {
    lost('retries', 'changed', 'retries.on', 'a rule that retries does so where no connection was possible, too');
  }
  if (budget !== undefined) lost('retries', 'dropped', 'retries.budget', 'routes have no budget of retries');
  if (backoff?.max !== undefined) {
    lost('retries', 'dropped', 'retries.backoff.max', 'the longest pause between tries is up to the implementation');
  }
  const codes = [...new Set(on.flatMap((condition) => statuses[condition] ?? []))].sort((a, b) => a - b);
  return {
    attempts,
    ...(codes.length === 0 ? {} : { codes }),
    ...(backoff?.base === undefined ? {} : { backoff: duration(backoff.base) }),
  };
}

/** The methods that a rule's retries are for. */
export function retriedMethods({ methods = 'idempotent' }: Retries, idempotent: readonly string[]): readonly string[] {
  return methods === 'idempotent' ? idempotent : methods;
}

const shareOfAll = 10_000;

function mirrorFilter({ service, port, share }: NonNullable<RequestPolicy['mirror']>, references: References): Part {
  const whole = share % 100 === 0;
  return {
    type: 'RequestMirror',
    requestMirror: {
      backendRef: references.to(service, port),
      ...(whole ? { percent: share / 100 } : { fraction: { numerator: share, denominator: shareOfAll } }),
    },
  };
}

const maxEdits = 16;

function spelled(edits: HeaderEdits | undefined, { headerText }: RouteStyle): HeaderEdits | undefined {
  const texts = (values: HeaderEdits['set'] = {}) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, headerText(value)]));
  return edits && { ...edits, set: texts(edits.set), add: texts(edits.add) };
}

function headerFilter(type: string, edits: HeaderEdits | undefined, lost: Lost): readonly Part[] {
  if (edits === undefined) return [];
  const refused = (name: string, value: string) => !isHeaderName(name) || !isHeaderValue(value);
  const values = new Map(Object.entries(edits.set ?? {}));
  const added = new Map<string, string>();
  for (const [name, value] of Object.entries(edits.add ?? {})) {
    // A filter names a header once: what is added to a value that is set, or to none, is set.
    const base = values.get(name);
    if (base !== undefined) values.set(name, `${base},${value}`);
    else if (edits.remove?.includes(name)) values.set(name, value);
    else added.set(name, value);
  }
  const removed = (edits.remove ?? []).filter((name) => !values.has(name));
  const lists = { set: [...values], add: [...added] };
  const kept = Object.entries(lists).flatMap(([action, list]): [string, unknown][] => {
    const usable = list.filter(([name, value]) => !refused(name, value)).slice(0, maxEdits);
    if (usable.length < list.length) report(list.filter((each) => !usable.includes(each)).map(([name]) => name));
    return usable.length === 0 ? [] : [[action, usable.map(([name, value]) => ({ name, value }))]];
  });
  const remove = removed.slice(0, maxEdits);
  if (remove.length < removed.length) report(removed.slice(maxEdits));
  const parts = Object.fromEntries([...kept, ...(remove.length === 0 ? [] : [['remove', remove]])]) as Part;
  const field = `${type.charAt(0).toLowerCase()}${type.slice(1)}`;
  return Object.keys(parts).length === 0 ? [] : [{ type, [field]: parts }];

  function report(names: readonly string[]): void {
    const what = `of ${type} the edits of ${names.join(', ')} are left out: a list has ${maxEdits} at most, of printable ASCII`;
    lost('header-edits', 'dropped', 'headers', what);
  }
}

/** GEP-2257: up to four parts of at most five digits. */
function duration(millis: number): string {
  const units = [
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1_000],
    ['ms', 1],
  ] as const;
  let rest = Math.min(millis, 99_999 * 3_600_000);
  const parts = units.map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}
