/** Faults that can be put in on purpose, to see that they are found. */
export const plants = ['crash', 'hang', 'leak'] as const;

export type Plant = (typeof plants)[number];

/** What a worker is to do; on its command line, as JSON. */
export interface WorkerTask {
  readonly seed: number;
  /** Cases from `first` on, in steps of `step`, until their documents reach `documents`. */
  readonly first: number;
  readonly step: number;
  readonly documents: number;
  /** The file where the worker keeps the number of the case that it is at, so that it survives the worker. */
  readonly progress: string;
  readonly plant?: Plant;
}

export interface Totals {
  readonly documents: number;
  readonly objects: number;
  readonly valid: number;
}

/** A case that threw, or that took too long. */
export interface CaseFault {
  readonly index: number;
  readonly kind: 'threw' | 'slow';
  readonly detail: string;
}

/** What a worker has done since its last message. */
export interface WorkerMessage extends Totals {
  readonly faults: readonly CaseFault[];
}
