import { type AuthorityState, trustedRoots } from './authority-state.ts';
import { type AuthorityCredential, lifeOf, mergeBundles, rootsBeyond } from './credential.ts';

/** What the leader does next with a state; `wait` with nothing to do. */
export type RotationStep =
  | { readonly kind: 'wait' }
  /** A new credential is to be made, and then `introduced`. */
  | { readonly kind: 'make'; readonly because: string }
  | { readonly kind: 'write'; readonly because: string; readonly state: AuthorityState };

export interface RotationOptions {
  readonly now: number;
  /** How long certificates live that are signed from now on. */
  readonly lifeSeconds: number;
  /** Somebody asks for a rotation. */
  readonly wanted: boolean;
}

/** A rotation begins when this share of the life of what signs is over. */
const rotationShare = 2 / 3;
/** However soon what an issuer signs ends, it is asked for the next only so long after it was. */
const restMillis = 60_000;
/** Beyond the longest life of a certificate: for clocks that differ, and replicas that learn late. */
export const phaseMarginSeconds = 1_800;

/** What is due. Pure: the same state and time give the same step in every replica. */
export function nextStep(state: AuthorityState, { now, lifeSeconds, wanted }: RotationOptions): RotationStep {
  if (lifeSeconds > state.longestLifeSeconds) {
    const because = `certificates live ${lifeSeconds} s from now on`;
    return { kind: 'write', because, state: { ...state, longestLifeSeconds: lifeSeconds } };
  }
  const over = now >= state.since + (state.longestLifeSeconds + phaseMarginSeconds) * 1000;
  switch (state.phase) {
    case 'stable': {
      const { begin, end } = lifeOf(state.active);
      if (wanted) return { kind: 'make', because: 'it was asked for' };
      if (now < state.since + restMillis) return { kind: 'wait' };
      if (end <= now) return { kind: 'make', because: 'what signs has expired' };
      if (now < begin + (end - begin) * rotationShare) return { kind: 'wait' };
      return { kind: 'make', because: `what signs ends at ${new Date(end).toISOString()}` };
    }
    case 'introducing': {
      const { active, next } = state;
      if (next === undefined) return { kind: 'wait' };
      // Whoever trusts the old already trusts the new; or there is nothing left that could sign.
      const known = rootsBeyond(next.trustBundle, active.trustBundle) === '';
      if (!over && !known && lifeOf(active).end > now) return { kind: 'wait' };
      const because = known ? 'its root is trusted already' : 'every valid certificate came with the next root';
      return { kind: 'write', because, state: promoted(state, next, now) };
    }
    case 'retiring': {
      if (!over) return { kind: 'wait' };
      const { retired: _, ...rest } = state;
      const settled = { ...rest, phase: 'stable' as const, since: now, longestLifeSeconds: lifeSeconds };
      return { kind: 'write', because: 'no valid certificate needs the old root', state: settled };
    }
  }
}

/** The next root is trusted from now on. */
export function introduced(state: AuthorityState, next: AuthorityCredential, now: number): AuthorityState {
  return { ...state, next, phase: 'introducing', since: now };
}

function promoted(state: AuthorityState, next: AuthorityCredential, now: number): AuthorityState {
  const { next: _, ...rest } = state;
  const retired = mergeBundles(rootsBeyond(trustedRoots(state), next.trustBundle));
  if (retired === '') return { ...rest, active: next, phase: 'stable', since: now };
  return { ...rest, active: next, retired, phase: 'retiring', since: now };
}

/** The first state of an authority. */
export function firstState(active: AuthorityCredential, now: number, lifeSeconds: number): AuthorityState {
  return { active, phase: 'stable', since: now, longestLifeSeconds: lifeSeconds };
}
