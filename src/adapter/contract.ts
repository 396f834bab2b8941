import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { Result } from '../lib/result.ts';
import type { MeshModel, SpiffeId, WorkloadId } from '../model/types.ts';
import type { Feature } from './features.ts';

/** What a target can say of one feature. Every adapter answers for every feature, so none can forget to warn. */
export type Support =
  | { readonly level: 'exact' }
  | { readonly level: 'approximate'; readonly how: string }
  | { readonly level: 'none'; readonly why: string };

export type SupportTable = Readonly<Record<Feature, Support>>;

/** Names a part of the output that can be emitted and memoised alone, such as `endpoints/default/bookstore/80`. */
export type UnitId = string & { readonly __brand: 'UnitId' };

export interface EmitContext<Options> {
  readonly options: Options;
}

/** One emitted document or resource. The body is plain JSON; the same model gives the same bytes. */
export interface Artifact {
  readonly name: string;
  readonly format: 'kubernetes' | 'xds' | 'proxy' | (string & {});
  readonly body: unknown;
  readonly origins: readonly Origin[];
}

/** Turns the model into something a target understands. Pure, synchronous, deterministic. */
export interface Adapter<Options = unknown> {
  readonly id: string;
  readonly support: SupportTable;
  parseOptions(input: unknown): Result<Options, NonEmpty<Diagnostic>>;
  units(model: MeshModel, context: EmitContext<Options>): readonly UnitId[];
  emitUnit(model: MeshModel, unit: UnitId, context: EmitContext<Options>): readonly Artifact[];
}

/** An adapter whose artifacts travel over ADS: `format` is then the resource's type URL. */
export interface DataPlaneAdapter<Options = unknown> extends Adapter<Options> {
  /** Type URLs in the order in which additions must reach a proxy; removals travel in the reverse order. */
  readonly typeOrder: readonly string[];
  /** The units that one workload's proxy may see: nothing that it cannot reach. */
  view(model: MeshModel, workload: WorkloadId, context: EmitContext<Options>): readonly UnitId[];
  /** The bytes of `google.protobuf.Any.value` for an artifact. */
  encode(artifact: Artifact): Uint8Array;
  /** Resources of later types, as format and name, that a proxy waits for anew whenever it takes this one. */
  awaits?(artifact: Artifact): readonly Pick<Artifact, 'format' | 'name'>[];
  /**
   * The resources that hand a workload its own certificate and key, which never pass through the model, and the roots that
   * it trusts: those of its own domain, and what the model's settings say of others.
   */
  secrets(model: MeshModel, credential: Credential): readonly Artifact[];
}

/** The certificate and key of an identity, and the roots that it trusts; all PEM. */
export interface Credential {
  readonly identity: SpiffeId;
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}
