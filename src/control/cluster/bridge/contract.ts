import type { Artifact, DocumentKind } from '../../../adapter/contract.ts';
import type { Diagnostic } from '../../../diagnostics/diagnostic.ts';
import type { MeshModel } from '../../../model/types.ts';

/** Another mesh's API, and how its objects are kept in the cluster. */
export interface BridgeTarget {
  /** Of the adapter. */
  readonly id: string;
  /** Everything that the adapter may write: what it does not write any more is removed. */
  readonly kinds: readonly DocumentKind[];
  /** May take a while; what comes after the signal aborts is not looked at. */
  readonly translate: (model: MeshModel, signal: AbortSignal) => Promise<BridgeTranslation>;
  /** Takes over objects of the same name that somebody else made; otherwise they stay as they are. */
  readonly adopt: boolean;
  /** Nothing is written: the log says what would be. */
  readonly dryRun: boolean;
}

export interface BridgeTranslation {
  readonly artifacts: readonly Artifact[];
  /** What is lost on the way. */
  readonly findings: readonly Diagnostic[];
  /** Why the model is not translated at all: then everything in the cluster stays as it is. */
  readonly refusals: readonly Diagnostic[];
}
