/** What a mesh of one size costs; times in milliseconds. */
export interface MeshFigures {
  readonly services: number;
  readonly decode: number;
  readonly compile: number;
  /** User and system time of decoding and compiling together. */
  readonly processor: number;
  /** The most memory that was resident until the mesh was compiled, in megabytes. */
  readonly megabytes: number;
  /** From changed documents to the model. */
  readonly changes: Readonly<Record<ChangeKind, Times>>;
  readonly published: readonly PublishedFigures[];
}

export interface PublishedFigures {
  readonly adapter: string;
  readonly connected: number;
  /** From nothing to the views of all of them. */
  readonly opened: number;
  /** From the changed model to the views of all of them, encoded. */
  readonly changes: Readonly<Record<ChangeKind, Times>>;
}

export const changeKinds = ['weight', 'readiness', 'target', 'service'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export interface Times {
  readonly p50: number;
  readonly p99: number;
}

export function timesOf(millis: readonly number[]): Times {
  const sorted = millis.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
