import { canonicalJson } from '../model/canonical.ts';
import type { BackendOutcome, Outcome } from './outcome.ts';

/**
 * What a change does to a request, the gravest first. `widened`: something that did not let it in now does. `narrowed`:
 * the reverse. `answer`: it fails otherwise than before. `route`: other backends. `shares`: the same backends with other
 * shares. `policy`: nothing of these, but TrafficPolicies make proxies do something else with it; where another token is
 * asked for it may be `widened` too. `rule`: nothing of these, but another policy lets it in, or none while access is not
 * enforced.
 */
export type Effect = 'widened' | 'narrowed' | 'answer' | 'route' | 'shares' | 'policy' | 'rule';

/** In the order of the type; empty when nothing changed. */
export function effectsOf(before: Outcome, after: Outcome): readonly Effect[] {
  const gain = rank(after) - rank(before);
  const flips = backendFlips(before, after);
  const effects: Effect[] = [];
  if (gain > 0 || flips.includes('widened')) effects.push('widened');
  if (gain < 0 || flips.includes('narrowed')) effects.push('narrowed');
  const failsOtherwise = before.verdict !== after.verdict || before.status !== after.status;
  if (gain === 0 && failsOtherwise) effects.push('answer');
  if (before.verdict !== 'rejected' && after.verdict !== 'rejected') effects.push(...routing(before, after));
  if (effects.length === 0 && saidBy(before) !== saidBy(after)) {
    const [asked, now] = [tokensOf(before), tokensOf(after)];
    // Another token may let in whom nobody knows; where none is asked any more, what follows from that shows by itself.
    if (now.length > 0 && asked.some((token) => !now.includes(token))) effects.push('widened');
    effects.push('policy');
  }
  if (effects.length === 0 && (before.grants.join() !== after.grants.join() || before.unmatched !== after.unmatched)) {
    effects.push('rule');
  }
  return effects;
}

/** Whose policy says it is no difference. */
function saidBy({ policies = [] }: Outcome): string {
  return policies
    .map(({ policy: _policy, ...field }) => canonicalJson(field))
    .sort()
    .join();
}

/** Each token that has to be shown. */
function tokensOf({ policies = [] }: Outcome): readonly string[] {
  return policies.flatMap(({ path, value }) => (path === 'authentication' ? [canonicalJson(value)] : []));
}

function rank({ verdict }: Outcome): number {
  if (verdict === 'allowed') return 2;
  return verdict === 'partly allowed' ? 1 : 0;
}

function routing(before: Outcome, after: Outcome): readonly Effect[] {
  const parties = ({ backends }: Outcome) =>
    backends.map(({ backend, accounts }) => [backend, ...accountsOf(accounts)].join(' ')).join();
  const shares = ({ backends }: Outcome) => backends.map(({ share }) => share).join();
  if (parties(before) !== parties(after)) return ['route'];
  return shares(before) === shares(after) ? [] : ['shares'];
}

/** For pods that take traffic before and after: whether some that refused now let in, or the reverse. */
function backendFlips(before: Outcome, after: Outcome): readonly ('widened' | 'narrowed')[] {
  return after.backends.flatMap((now) => {
    const then = before.backends.find(({ backend }) => backend === now.backend);
    if (then === undefined) return [];
    const known = accountsOf(then.accounts);
    const both = accountsOf(now.accounts).filter((account) => known.includes(account));
    const gains = both.map((account) => openness(now, account) - openness(then, account));
    return [
      ...(gains.some((gain) => gain > 0) ? (['widened'] as const) : []),
      ...(gains.some((gain) => gain < 0) ? (['narrowed'] as const) : []),
    ];
  });
}

function accountsOf(accounts: BackendOutcome['accounts']): readonly string[] {
  return [...new Set(accounts.map(({ account }) => account))];
}

/** 2 when all pods of an account let the request in, 1 when some do, 0 when none does. */
function openness({ accounts }: BackendOutcome, account: string): number {
  const verdicts = accounts.flatMap((one) => (one.account === account ? [one.verdict] : []));
  if (verdicts.every((verdict) => verdict === 'allow')) return 2;
  return verdicts.includes('allow') ? 1 : 0;
}
