import type { Readable } from 'node:stream';
import type { Result } from '../../lib/result.ts';
import type { WeightChange } from '../api/contract.ts';

/** The admin endpoint of a control plane, however it is reached. */
export interface Upstream {
  /** Rejects when it does not answer. The body is read as it comes, and ended by the signal. */
  open(target: string, signal: AbortSignal): Promise<UpstreamAnswer>;
}

export interface UpstreamAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Readable;
}

/** Writes what is moved on the page to where the user keeps it. The error is a sentence. */
export interface Editor {
  setWeights(split: string, change: WeightChange): Promise<Result<void, EditProblem>>;
}

export interface EditProblem {
  /** `stale`: it says something else than the page knew. */
  readonly kind: 'unknown' | 'stale' | 'invalid' | 'failed';
  readonly text: string;
}
