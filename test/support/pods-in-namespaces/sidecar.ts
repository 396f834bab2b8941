import type { Svid } from '../../../src/identity/authority.ts';
import type { SpiffeId } from '../../../src/lib/spiffe.ts';
import type { Host } from './network.ts';

/** What sidecars ask, and who vouches for them. */
export interface Plane {
  readonly ads: { readonly address: string; readonly port: number };
  readonly issue: (identity: SpiffeId) => Promise<Svid>;
}

export interface Sidecar {
  /** What it has printed so far. */
  readonly log: () => string;
}

/** Starts the sidecar of a pod as `sidecarUser`; resolves when it is ready. */
export type StartSidecar = (pod: Host & { readonly account: string }, plane: Plane, folder: string) => Promise<Sidecar>;
