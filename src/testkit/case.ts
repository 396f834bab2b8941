import type { Translator } from '../adapter/contract.ts';
import type { NamedModel } from './models.ts';

/** One thing that the contract asks of an adapter. */
export interface ContractCase {
  /** `GROUP: DETAIL`; unique. */
  readonly name: string;
  /** Why it cannot be judged of this adapter; it is then not run. */
  readonly skipped?: string;
  /** What is wrong, as sentences; empty when nothing is. Never throws. */
  run(): readonly string[];
}

/** An adapter with parsed options, and what it is tried with. */
export interface Subject {
  readonly adapter: Translator;
  readonly options: unknown;
  readonly models: readonly NamedModel[];
}

/** A case whose check may throw, which is wrong too. */
export function contractCase(name: string, check: () => readonly string[], skipped?: string): ContractCase {
  return {
    name,
    ...(skipped === undefined ? {} : { skipped }),
    run() {
      try {
        return check();
      } catch (error) {
        return [`it threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`];
      }
    },
  };
}
