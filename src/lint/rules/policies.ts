import type { DiagnosticCode } from '../../diagnostics/catalogue.ts';
import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import type { PathSegment } from '../../lib/field-path.ts';
import { idempotentMethods } from '../../lib/http-methods.ts';
import { fullShare } from '../../policy/limits.ts';
import type { TrafficPolicy } from '../../policy/types.ts';
import { fieldOf, idOf, type LintSubject } from '../subject.ts';

/** Fields of TrafficPolicies that do nothing, or more than is good. */
export function* oddPolicies({ input }: LintSubject): Iterable<Diagnostic> {
  for (const policy of input.policies ?? []) {
    yield* saysNothing(policy);
    yield* contradictingTimes(policy);
    yield* repeatsEffects(policy);
    yield* mirrorsToItself(policy);
    yield* breaksEverything(policy);
    yield* hashesForNothing(policy);
    yield* fetchesInTheClear(policy);
  }
}

function finding(code: DiagnosticCode, policy: TrafficPolicy, message: string, ...path: readonly PathSegment[]) {
  return diagnostic(code, { message, origin: fieldOf(policy, 'spec', ...path) });
}

function* saysNothing(policy: TrafficPolicy): Iterable<Diagnostic> {
  const { request, endpoints, server, tls } = policy;
  if (tls !== undefined || [request, endpoints, server].some((fields) => Object.keys(fields).length > 0)) return;
  yield finding('SMI4520', policy, `TrafficPolicy ${idOf(policy)} has targets and nothing to do for them`);
}

/** Limits of which the narrower one can never count. */
function* contradictingTimes(policy: TrafficPolicy): Iterable<Diagnostic> {
  const { timeouts = {}, retries: { backoff = {} } = {} } = policy.request;
  const { ejection = {} } = policy.endpoints.outlierDetection ?? {};
  const pairs = [
    [timeouts.perTry, timeouts.request, 'timeouts', 'perTry', 'request'],
    [backoff.base, backoff.max, 'retries.backoff', 'base', 'max'],
    [ejection.time, ejection.maxTime, 'outlierDetection.ejection', 'time', 'maxTime'],
  ] as const;
  for (const [part, whole, parent, name, limit] of pairs) {
    // A limit of zero is none.
    if (part === undefined || !whole || part <= whole) continue;
    const message = `spec.${parent}.${name} is longer than spec.${parent}.${limit}, which ends it first`;
    yield finding('SMI4521', policy, message, ...parent.split('.'), name);
  }
}

const repeatable: ReadonlySet<string> = new Set(idempotentMethods);

function* repeatsEffects(policy: TrafficPolicy): Iterable<Diagnostic> {
  const { methods, attempts } = policy.request.retries ?? {};
  if (methods === undefined || methods === 'idempotent' || attempts === 0) return;
  for (const [position, method] of methods.entries()) {
    if (repeatable.has(method)) continue;
    const message = `${method} requests are sent again although their server may have acted on them already`;
    yield finding('SMI4522', policy, message, 'retries', 'methods', position);
  }
}

function* mirrorsToItself(policy: TrafficPolicy): Iterable<Diagnostic> {
  const { mirror } = policy.request;
  const itself = policy.targetRefs.some(({ kind, name }) => kind === 'Service' && name === mirror?.service);
  if (mirror === undefined || !itself) return;
  yield finding('SMI4523', policy, `requests to ${mirror.service} are mirrored to ${mirror.service} itself`, 'mirror');
}

function* breaksEverything(policy: TrafficPolicy): Iterable<Diagnostic> {
  const { abort } = policy.request.faults ?? {};
  if (policy.matches !== undefined || abort?.share !== fullShare) return;
  const message = `every request is answered with ${abort.httpStatus}, and none reaches a server`;
  yield finding('SMI4524', policy, message, 'faults', 'abort', 'percent');
}

function* hashesForNothing(policy: TrafficPolicy): Iterable<Diagnostic> {
  const { algorithm, hashOn } = policy.endpoints.loadBalancer ?? {};
  if (hashOn === undefined || algorithm === undefined || algorithm === 'ringHash' || algorithm === 'maglev') return;
  yield finding('SMI4525', policy, `${algorithm} looks at no hash`, 'loadBalancer', 'hashOn');
}

function* fetchesInTheClear(policy: TrafficPolicy): Iterable<Diagnostic> {
  for (const [position, { jwks }] of (policy.server.authentication?.jwt ?? []).entries()) {
    if (!('url' in jwks) || !jwks.url.startsWith('http:')) continue;
    const message = `the keys of ${jwks.url} come in plain text, and whoever changes them on the way is believed`;
    yield finding('SMI4526', policy, message, 'authentication', 'jwt', position, 'jwks', 'url');
  }
}
