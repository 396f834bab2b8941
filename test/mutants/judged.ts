import type { Mutant } from './groups.ts';

/** Why no case finds a fault. */
export interface Judgement {
  /** `same`: nothing that anybody can do shows a difference. `outside`: what the suite does not speak of. */
  readonly kind: 'same' | 'outside';
  readonly reason: string;
}

export function judgementOf(_: Mutant): Judgement | undefined {
  return undefined;
}
