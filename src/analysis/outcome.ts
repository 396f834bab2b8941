import type { Origin } from '../diagnostics/origin.ts';
import { compareText } from '../lib/collections.ts';
import { canonicalJson } from '../model/canonical.ts';
import type { AccessVerdict, Decision, DecisionTarget } from '../model/decision.ts';
import type { FieldInForce } from '../model/policy-fields.ts';
import { accountOf } from './reach.ts';

/** What a decision means for the client, without what tells nobody anything (names of pods, order, common factors). */
export interface Outcome {
  readonly verdict: 'allowed' | 'partly allowed' | 'denied' | 'rejected' | 'unavailable';
  /** For `rejected`: the HTTP status, 0 for a closed connection. */
  readonly status?: number;
  /** Backends that get traffic. */
  readonly backends: readonly BackendOutcome[];
  /** The rules that let the request in: names of TrafficTargets. */
  readonly grants: readonly string[];
  /** True where a request passes although no rule covers it. */
  readonly unmatched: boolean;
  /** What TrafficPolicies make the proxies do; absent: nothing. */
  readonly policies?: readonly PolicyOutcome[];
}

export interface PolicyOutcome extends Pick<FieldInForce, 'path' | 'value' | 'policy'> {
  /** The backend that it is about, where it is not the request as a whole. */
  readonly backend?: string;
}

export interface BackendOutcome {
  /** `NAMESPACE/NAME:PORT`. */
  readonly backend: string;
  /** Exact, reduced: `9/10`. */
  readonly share: string;
  readonly verdict: DecisionTarget['verdict'];
  /** What the pods of each service account answer; two answers of one account are both listed. */
  readonly accounts: readonly { readonly account: string; readonly verdict: AccessVerdict['verdict'] }[];
}

export function outcomeOf(decision: Decision): Outcome {
  if (decision.outcome === 'rejected') {
    return { verdict: 'rejected', status: decision.status ?? 0, backends: [], grants: [], unmatched: false };
  }
  if (decision.outcome === 'outside') {
    // Requests are compared to names of Services: without the Service, nobody outside answers to such a name either.
    return { verdict: 'rejected', status: 0, backends: [], grants: [], unmatched: false };
  }
  const taking = decision.targets.filter(({ weight }) => weight > 0);
  const accesses = taking.flatMap(({ sets }) => sets.map(({ access }) => access));
  const policies = [...(decision.policies ?? []).map(plainField), ...taking.flatMap(policiesAt)];
  return {
    verdict: overall(taking),
    backends: taking.map(backendOutcome).sort((a, b) => compareText(a.backend, b.backend)),
    grants: [...new Set(accesses.flatMap(({ grants }) => grants.map(({ rule }) => rule)))].sort(compareText),
    unmatched: accesses.some(({ unmatched }) => unmatched === true),
    ...(policies.length === 0 ? {} : { policies }),
  };
}

function plainField({ path, value, policy }: FieldInForce): PolicyOutcome {
  return { path, value, policy };
}

/** How the endpoints of a backend are treated, and what its pods ask. */
function policiesAt({ service, port, endpoints = [], sets }: DecisionTarget): readonly PolicyOutcome[] {
  const backend = `${service}:${port}`;
  const guards = sets.flatMap(({ access }) => access.guards ?? []);
  const asked = guards.flatMap(({ policy, authentication, rateLimit }): PolicyOutcome[] => [
    ...(authentication === undefined ? [] : [{ path: 'authentication', value: authentication, policy }]),
    ...(rateLimit === undefined ? [] : [{ path: 'rateLimit', value: rateLimit, policy }]),
  ]);
  const all = [...endpoints.map(plainField), ...asked].map((field) => ({ ...field, backend }));
  return [...new Map(all.map((field) => [canonicalJson(field), field])).values()];
}

function overall(taking: readonly DecisionTarget[]): Outcome['verdict'] {
  const verdicts = new Set(taking.map(({ verdict }) => verdict));
  const [only] = verdicts;
  if (verdicts.size === 1 && only === 'allow') return 'allowed';
  if (verdicts.size === 1 && only === 'unavailable') return 'unavailable';
  return verdicts.has('allow') || verdicts.has('mixed') ? 'partly allowed' : 'denied';
}

function backendOutcome({ service, port, weight, total, verdict, sets }: DecisionTarget): BackendOutcome {
  const divisor = greatestDivisor(weight, total);
  const answers = sets.map(({ set, access }) => ({ account: accountOf(set), verdict: access.verdict }));
  const accounts = [...new Map(answers.map((one) => [`${one.account} ${one.verdict}`, one]))]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, one]) => one);
  return { backend: `${service}:${port}`, share: `${weight / divisor}/${total / divisor}`, verdict, accounts };
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The fields that let a request in, or, where none does, those that would have to say something else first. */
export function accessOrigins({ targets }: Decision): readonly Origin[] {
  const accesses = targets.filter(({ weight }) => weight > 0).flatMap(({ sets }) => sets.map(({ access }) => access));
  const granted = accesses.flatMap(({ grants }) => grants.flatMap(({ origins }) => origins));
  const nearest = accesses.flatMap((access) => access.nearest?.origins ?? []);
  return unique(granted.length > 0 ? granted : nearest);
}

/** The fields that choose the backends and their shares; empty where no split does. */
export function routeOrigins({ rule, targets }: Decision): readonly Origin[] {
  const match = rule === undefined || rule.match === 'any' ? [] : rule.match.origins;
  return unique([...(rule?.origins ?? []), ...match, ...targets.flatMap(({ origins }) => origins)]);
}

/** The fields that let a request in or route it; of a denial nothing. Two requests for which it is equal have one cause. */
export function causeOf(decision: Decision): string {
  const granted = decision.targets.flatMap(({ sets }) => sets.flatMap(({ access }) => access.grants));
  const match = decision.rule?.match;
  const origins = [
    ...granted.flatMap((grant) => grant.origins),
    ...(decision.rule?.origins ?? []),
    ...(match === undefined || match === 'any' ? [] : match.origins),
  ];
  return unique(origins)
    .map(({ object, path }) => `${object} ${path}`)
    .sort()
    .join('\n');
}

function unique(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [`${origin.object} ${origin.path}`, origin])).values()];
}
