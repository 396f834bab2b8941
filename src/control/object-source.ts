import type { Compilation, CompileOptions, Compiler } from '../compile/index.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Locate, ObjectKey } from '../diagnostics/origin.ts';
import type { DeploymentObject, ServiceObject } from '../kubernetes/types.ts';
import type { SourceDocument } from '../source/types.ts';
import type { Documents } from './last-good.ts';
import type { RolloutCause } from './rollouts/rollout.ts';

/** Why something is loaded. Times are milliseconds since the epoch. */
export interface SourceChange {
  readonly cause: RolloutCause;
  readonly noticedAt?: number;
  /** When it was written, where that is known. */
  readonly savedAt?: number;
}

/** What is in force now, and how it differs from what was in force before. */
export interface SourceLoad {
  /** Counts loads, from 1. */
  readonly generation: number;
  /** What is in force. */
  readonly documents: Documents;
  /** Objects that people write and that appeared, went or say something else than in the load before. */
  readonly changed: readonly ObjectKey[];
  /** An object as it was in the load before. */
  readonly before: (key: ObjectKey) => SourceDocument | undefined;
  /** Objects with an error, and objects of damaged files: in force as they last were, if they ever were. */
  readonly refused: readonly ObjectKey[];
  readonly diagnostics: readonly Diagnostic[];
  readonly locate: Locate;
  /** What it means, by the compiler that all loads of this source go through. */
  readonly compile: (compiler: Compiler, options: CompileOptions) => Compilation;
  /** What a local mesh is to run; absent in a cluster. */
  readonly programs?: {
    readonly deployments: readonly DeploymentObject[];
    readonly services: readonly ServiceObject[];
  };
  /** Something is still unknown: proxies keep what they have. */
  readonly incomplete?: true;
}

/** Where the objects of a mesh come from: files, or a cluster. */
export interface ObjectSource {
  /** Begins to follow the objects. `onChange` says that `load` has something new. */
  start(onChange: (change: SourceChange) => void): void;
  load(change: SourceChange): SourceLoad;
  /** Settles when `onChange` has told of everything that was written before; rejects when that cannot be found out. */
  look(signal: AbortSignal): Promise<void>;
  stop(): void;
}
