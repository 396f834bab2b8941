/**
 * One HTTP message between two hops, in whatever form its connection read it. A connection that writes it in the same
 * form may look at the concrete class; everything else uses what is here. Heads are valid until the exchange ends.
 */

/** The header or trailer fields of a message. */
export interface Fields {
  /** The value of a lower-case name, several joined with `,`; undefined when absent or meant for one hop only. */
  lookup(name: string): string | undefined;
  /** The same for the fields by which proxies of the mesh speak to one another: they are never passed on. */
  lookupMesh(name: string): string | undefined;
  /** Every end-to-end field in order, without `host` and the fields that frame a body; names in lower case. */
  each(visit: (name: string, value: string) => void): void;
}

export interface RequestMessage {
  readonly method: string;
  /** In origin form as written, query included. */
  readonly target: string;
  /** Where the query starts in `target`, with its `?`; its length when there is none, or when `plainPath` is false. */
  readonly queryStart: number;
  /** Whether the path is certainly in its normal form already. */
  readonly plainPath: boolean;
  /** The authority as written; empty when there is none. */
  readonly host: string;
  readonly fields: Fields;
  /** Bytes of the body; -1 when its end shows only when it comes. */
  readonly contentLength: number;
  /** What the connection shall become (codec/upgrade.ts). */
  readonly upgrade: number;
}

export interface ResponseMessage {
  readonly status: number;
  readonly fields: Fields;
  /** Bytes of the body; -1 when its end shows only when it comes. */
  readonly contentLength: number;
}
