/** What a worker is asked: to run these cases, with a fault or without. */
export interface Question {
  readonly fault?: number;
  readonly names: readonly string[];
}

export interface Answer {
  readonly ready: true;
  /** Faults whose places were reached. */
  readonly reached?: readonly number[];
  /** The cases that failed, and why the first did. */
  readonly failed?: readonly string[];
  readonly reason?: string;
}
