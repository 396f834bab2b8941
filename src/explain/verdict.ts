import type { Decision, DecisionTarget } from '../model/decision.ts';

/** What a person wants to know first. */
export type Verdict = 'allowed' | 'denied' | 'rejected' | 'unavailable' | 'partly allowed';

/** Backends that get no traffic say nothing. Only `allowed` means that every request of this kind is served. */
export function verdictOf(decision: Pick<Decision, 'outcome'> & { readonly targets: readonly Weighed[] }): Verdict {
  if (decision.outcome === 'rejected') return 'rejected';
  if (decision.outcome === 'outside') return 'allowed';
  const verdicts = new Set(decision.targets.filter(({ weight }) => weight > 0).map(({ verdict }) => verdict));
  const [only] = verdicts;
  if (verdicts.size !== 1 || only === undefined || only === 'mixed') return 'partly allowed';
  return words[only];
}

type Weighed = Pick<DecisionTarget, 'weight' | 'verdict'>;

const words = { allow: 'allowed', deny: 'denied', unavailable: 'unavailable' } as const satisfies Partial<
  Record<DecisionTarget['verdict'], Verdict>
>;
