import type { Origin } from '../diagnostics/origin.ts';
import type { Explanation, Question } from '../explain/explanation.ts';

/** One request, and what must happen to it. */
export interface Expectation {
  /** As its author called it, or the request in one line. */
  readonly name: string;
  readonly question: Question;
  /** Absent where the author states statuses. */
  readonly access?: 'allow' | 'deny';
  /** Every HTTP status that may be answered. */
  readonly statuses?: readonly number[];
  /** Every Service that gets traffic: `NAME` of the client's namespace, or `NAMESPACE/NAME`. */
  readonly shares?: Readonly<Record<string, number>>;
  readonly origin: Origin;
}

export interface ExpectationResult {
  readonly expectation: Expectation;
  /** What is otherwise than expected, as sentences; empty when the expectation holds. */
  readonly problems: readonly string[];
  /** Absent when a name of the request means nothing. */
  readonly explanation?: Explanation;
}

/** A part of the policies that a request can make use of. */
export interface CoverageItem {
  readonly kind: 'outbound rule' | 'grant' | 'source' | 'match';
  readonly name: string;
  readonly origins: readonly Origin[];
}

export interface Coverage {
  readonly total: number;
  /** What no expectation makes use of, in the model's order. */
  readonly missed: readonly CoverageItem[];
  /** From 0 to 100; 100 when there is nothing to cover. */
  readonly percent: number;
}

export interface ExpectationsReport {
  readonly results: readonly ExpectationResult[];
  readonly coverage: Coverage;
}
