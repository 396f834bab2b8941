import { type Change, isWidening, type ObjectChange, type TrafficChange } from '../../analysis/changes.ts';
import { directPort } from '../../analysis/direct.ts';
import type { BackendOutcome, Outcome, PolicyOutcome } from '../../analysis/outcome.ts';
import type { ServicePortRef } from '../../analysis/reach.ts';
import { describeFields } from '../../explain/policy-text.ts';
import { listing } from '../../lib/listing.ts';
import { canonicalJson } from '../../model/canonical.ts';
import type { TrafficRequest } from '../../model/decision.ts';
import { portKey } from '../../model/ports.ts';
import { percent } from '../percent.ts';

/** Change of one kind after the other, in the words that all outputs share. */

export const effectWords = {
  widened: 'widened',
  narrowed: 'narrowed',
  answer: 'fails otherwise',
  route: 'other backends',
  shares: 'other shares',
  policy: 'other policy',
  rule: 'other rule',
} as const;

/** `POST /books (x-user: a)`, or `a connection`. */
export function describeRequest(request: TrafficRequest): string {
  if (request.kind !== 'http') return request.kind === 'tcp' ? 'a connection' : 'a datagram';
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${quoted(String(value))}`);
  return `${request.method} ${request.path}${headers.length === 0 ? '' : ` (${headers.join(', ')})`}`;
}

/** As it is, unless that could not be seen. */
function quoted(value: string): string {
  return /^[!-~]+(?: [!-~]+)*$/.test(value) ? value : JSON.stringify(value);
}

export function describeDestination({ service, port, udp }: ServicePortRef): string {
  const direct = directPort(service, port);
  const key = portKey(port, udp === true ? 'udp' : 'tcp');
  return direct === undefined
    ? `${service}:${key}`
    : `port ${key} of the pods of ${direct.account} (no Service leads there)`;
}

const namesShown = 5;

/** At most so many names; the rest is counted. */
export function describeNames(names: readonly string[]): string {
  return listing(names, namesShown);
}

/** `allowed by default/t`, and `to default/web:80 90 %, default/web-v2:80 10 %` where that is the news. */
export function describeSide(change: TrafficChange, side: 'before' | 'after'): string {
  const { verdict, status, grants, unmatched, backends } = change[side];
  const absent = change.example[side].senderExists ? '' : ' (as a pod that does not exist)';
  if (verdict === 'rejected') {
    return `${status === 0 ? 'the connection is closed' : `the client's proxy answers ${status}`}${absent}`;
  }
  const by = grants.length > 0 ? ` by ${grants.join(', ')}` : '';
  const passes = unmatched ? ' although no rule covers it' : '';
  const routing = change.effects.filter((effect) => effect === 'route' || effect === 'shares');
  const to =
    routing.length > 0 || verdict === 'partly allowed'
      ? `, to ${describeBackends(backends, verdict, accountsDiffer(change))}`
      : '';
  // Where only the routing changes, it changes for requests of every verdict.
  const judgement = routing.length === change.effects.length ? '' : `${verdict}${by}${passes}`;
  const other = change.effects.includes('policy') ? describePolicies(change, side) : '';
  return `${judgement}${judgement === '' ? to.slice(2) : to}${other}${absent}`;
}

/** The fields of TrafficPolicies that the other side has not, or has otherwise. */
function describePolicies(change: TrafficChange, side: 'before' | 'after'): string {
  const other = change[side === 'before' ? 'after' : 'before'].policies ?? [];
  const key = ({ policy: _policy, ...field }: PolicyOutcome) => canonicalJson(field);
  const own = (change[side].policies ?? []).filter((field) => !other.some((each) => key(each) === key(field)));
  if (own.length === 0) return ', nothing said';
  const texts = own.map((field) => {
    const [said] = describeFields([{ ...field, origins: [] }]);
    return `${said?.policy} ${said?.text}${field.backend === undefined ? '' : ` at ${field.backend}`}`;
  });
  return `, ${texts.join('; ')}`;
}

/** Whether who runs behind a backend is the news. */
function accountsDiffer({ before, after }: TrafficChange): boolean {
  const named = ({ backends }: Outcome) => JSON.stringify(backends.map(({ backend }) => backend));
  const held = ({ backends }: Outcome) => JSON.stringify(backends.map(accountNames));
  return named(before) === named(after) && held(before) !== held(after);
}

function accountNames({ accounts }: BackendOutcome): readonly string[] {
  return [...new Set(accounts.map(({ account }) => account))];
}

function describeBackends(
  backends: readonly BackendOutcome[],
  verdict: Outcome['verdict'],
  withAccounts: boolean,
): string {
  const texts = backends.map((one) => {
    const answer = verdict === 'partly allowed' ? ` ${answers[one.verdict]}` : '';
    const pods = withAccounts ? ` (pods of ${accountNames(one).join(', ')})` : '';
    return `${one.backend}${pods} ${percent(one.share)}${answer}`;
  });
  return texts.join(', ');
}

const answers = {
  allow: 'allowed',
  deny: 'denied',
  mixed: 'allowed by some pods',
  unavailable: 'unavailable',
} as const;

/** A change that no request shows, as a sentence. */
export function describeRest(change: Exclude<Change, TrafficChange>): string {
  if (change.kind === 'object') return describeObjectChange(change);
  if (change.kind === 'setting') return `setting ${change.setting}: ${change.before} -> ${change.after}`;
  const parties = `${describeNames(change.clients)} -> ${describeDestination(change)}`;
  return `undecided: ${parties}: too many combinations of expressions to try all; there may be more changes`;
}

function describeObjectChange({ what, change, id }: ObjectChange): string {
  const verbs = { added: 'came', removed: 'went', changed: changedWords[what] } as const;
  return `${objectWords[what]} ${id} ${verbs[change]}`;
}

const objectWords = {
  service: 'Service',
  port: 'Service port',
  workload: 'workload',
  policy: 'TrafficTarget',
} as const;

const changedWords = {
  service: 'has other addresses',
  port: 'speaks another protocol',
  workload: 'has another identity, sidecar or readiness',
  policy: 'says something else',
} as const;

/** `1 change widens, 2 narrow, 3 more`. */
export function summarize(changes: readonly Change[]): string {
  if (changes.length === 0) return 'no change';
  const widening = changes.filter(isWidening).length;
  const narrowing = changes.filter(
    (change) => change.kind === 'traffic' && change.effects[0] === 'narrowed' && !isWidening(change),
  ).length;
  const rest = changes.length - widening - narrowing;
  return [
    ...(widening > 0 ? [`${widening} widened`] : []),
    ...(narrowing > 0 ? [`${narrowing} narrowed`] : []),
    ...(rest > 0 ? [`${rest} other`] : []),
  ].join(', ');
}
