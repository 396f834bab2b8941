import type { NonEmpty } from '../lib/collections.ts';

export type Propagation = 'w3c' | 'b3' | 'b3multi';

/** What proxies say about the requests that they carry, and to whom. */
export interface TracingSettings {
  /** Takes OTLP in plain text. */
  readonly collector: { readonly address: string; readonly port: number };
  readonly protocol: 'grpc' | 'http';
  /** Of the traces that begin in the mesh, in percent; those that began elsewhere stay as decided there. */
  readonly sampling: number;
  /** Whether a proxy reports a request that failed although its trace is not sampled. */
  readonly keepErrors: boolean;
  /** The same for one that took longer. */
  readonly keepSlowMillis?: number;
  /** In which forms the context goes on, besides those in which it came. */
  readonly propagation: NonEmpty<Propagation>;
}
