import type { Translator } from '../adapter/contract.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { type Observed, observe } from './emission.ts';
import type { NamedModel } from './models.ts';

/** A model with what an adapter made of it when it was first asked: once for all cases. */
export interface Trial extends NamedModel {
  /** Throws what the adapter threw. */
  first(): Observed;
  /** Why there are no documents to be judged. */
  readonly skipped?: string;
  /** The adapter gave no answer at all, which is no refusal. */
  readonly failed: boolean;
}

export function trialOf(adapter: Translator, options: unknown, named: NamedModel): Trial {
  let seen: Observed;
  try {
    seen = observe(adapter, named.model, options);
  } catch (error) {
    const first = () => {
      throw error;
    };
    return { ...named, first, failed: false };
  }
  const first = () => seen;
  const [refusal] = seen.refusals;
  if (refusal === undefined) return { ...named, first, failed: false };
  const failed = !seen.refusals.every(isRefusal);
  return { ...named, first, failed, skipped: failed ? 'the adapter gave no answer' : `refused: ${refusal.message}` };
}

/** What an adapter says of a model that it takes no part in; a program that crashes says something else. */
export function isRefusal({ code }: Diagnostic): boolean {
  return code === 'SMI5004';
}
