import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Origin } from '../diagnostics/origin.ts';
import type { NonEmpty } from '../lib/collections.ts';
import type { Result } from '../lib/result.ts';
import type { TrafficRequest } from '../model/decision.ts';
import type { RequestPolicy } from '../model/policy.ts';
import type { MeshModel, ServiceId, SpiffeId, WorkloadId } from '../model/types.ts';
import type { Feature } from './features.ts';

/** What a target can say of one feature. Every adapter answers for every feature, so none can forget to warn. */
export type Support =
  | { readonly level: 'exact' }
  /** `reported`: every case that differs is a `Loss`, so that what has none is kept exactly. */
  | { readonly level: 'approximate'; readonly how: string; readonly reported?: true }
  | { readonly level: 'none'; readonly why: string };

export type SupportTable = Readonly<Record<Feature, Support>>;

/** Names a part of the output that can be emitted and memoised alone, such as `endpoints/default/bookstore/80`. */
export type UnitId = string & { readonly __brand: 'UnitId' };

export interface EmitContext<Options> {
  readonly options: Options;
  /** Takes what a unit could not keep as it is; absent where nobody asks. Like artifacts, the same for the same model. */
  readonly report?: (loss: Loss) => void;
}

/**
 * Something that a target cannot say as the model has it, found while emitting. Only of features that the support table
 * does not call exact: what is always so stands in the table, what depends on the case (a regex, a port, a label) here.
 */
export interface Loss {
  readonly feature: Feature;
  /** `changed`: nearly the same traffic; `narrowed`: less is let in than granted; `dropped`: nothing stands for it. */
  readonly kind: 'changed' | 'narrowed' | 'dropped';
  /** What traffic meets instead, as one sentence that names the offending value. */
  readonly text: string;
  /** The fields that ask for it. */
  readonly origins: readonly Origin[];
  /** Of `weighted-split`: how far a share may be from what is meant, of 1. Absent: 0.05. */
  readonly apart?: number;
}

/** One emitted document or resource. The body is plain JSON; the same model gives the same bytes. */
export interface Artifact {
  readonly name: string;
  readonly format: 'kubernetes' | 'xds' | 'proxy' | (string & {});
  readonly body: unknown;
  readonly origins: readonly Origin[];
}

/**
 * The version of this contract. It grows when an adapter of today would be misunderstood: fields and features that are added
 * do not count, since what an adapter has never heard of it does not say exactly.
 */
export const contractVersion = 1;

/** Turns the model into something a target understands. Pure, synchronous, deterministic. */
export interface Adapter<Options = unknown> {
  /** The version that it was written for; whoever speaks another one refuses it. */
  readonly contract: typeof contractVersion;
  readonly id: string;
  readonly support: SupportTable;
  parseOptions(input: unknown): Result<Options, NonEmpty<Diagnostic>>;
  units(model: MeshModel, context: EmitContext<Options>): readonly UnitId[];
  emitUnit(model: MeshModel, unit: UnitId, context: EmitContext<Options>): readonly Artifact[];
}

/** What a target sees of a cluster beside the documents that an adapter writes. */
export type Surroundings = Pick<MeshModel, 'trustDomain' | 'services' | 'workloads'>;

/**
 * What documents do with a request by the target's own rules, as far as the target decides it: to compare with `decide()`.
 * `rejected` is an answer of the client's proxy with `status` (0: the connection is closed, datagrams are dropped).
 */
export type Simulated =
  | { readonly outcome: 'rejected'; readonly status: number }
  | { readonly outcome: 'outside' }
  | {
      readonly outcome: 'routed';
      readonly targets: NonEmpty<SimulatedTarget>;
      /** Of requests of HTTP. Absent: it is not known, and nobody compares it. */
      readonly treatment?: SimulatedTreatment;
    };

/** What the client's proxy does with a request on its way. What is absent it does not do. */
export interface SimulatedTreatment {
  /** Milliseconds for the request with its answer. */
  readonly timeout?: number;
  readonly mirror?: NonNullable<RequestPolicy['mirror']>;
  readonly headers?: NonNullable<RequestPolicy['headers']>;
}

export interface SimulatedTarget {
  readonly service: ServiceId;
  readonly port: number;
  /** Exact share: weight / total, both whole. */
  readonly weight: number;
  readonly total: number;
  /** `open`: the target asks nobody. `mixed`: the workloads of the service differ. `unavailable`: none is ready. */
  readonly verdict: 'allow' | 'deny' | 'mixed' | 'unavailable' | 'open';
}

/** A kind of Kubernetes objects, as a document spells it. */
export interface DocumentKind {
  /** Such as `gateway.networking.k8s.io/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * An adapter whose artifacts are documents: of another mesh's API, or a program's configuration. A `kubernetes` artifact's
 * body is an object with apiVersion, kind and metadata; a body that is a string is the text of a file called `name`.
 */
export interface Translator<Options = unknown> extends Adapter<Options> {
  /**
   * Every kind of object that it may write, whatever the options: a bridge removes those of them that are not written any
   * more. Absent: its documents cannot be kept in a cluster.
   */
  readonly kinds?: readonly DocumentKind[];
  /**
   * Why nothing may be emitted of this model with these options, such as grants that the target has no words for: `SMI5004`,
   * with the fields that ask for it. Empty or absent: nothing stands against it.
   */
  refuse?(model: MeshModel, options: Options): readonly Diagnostic[];
  /**
   * Reads documents back by the target's own documentation. It shares no code with the emitter, or both would be wrong in
   * the same way. Absent: what the adapter writes cannot be proven.
   */
  simulate?(documents: readonly Artifact[], surroundings: Surroundings): (request: TrafficRequest) => Simulated;
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
