import type { DataPlaneKind } from '../../src/kubernetes/names.ts';

/** PEM texts. */
export interface ProxyIdentity {
  readonly certificateChain: string;
  readonly privateKey: string;
  readonly trustBundle: string;
}

export interface SimulatedProxy {
  readonly node: string;
  readonly dataPlane: DataPlaneKind;
  readonly identity: ProxyIdentity;
}

/** What the process of the proxies is told. */
export type FleetRequest =
  | { readonly kind: 'connect'; readonly address: string; readonly proxies: readonly SimulatedProxy[] }
  /** Tells once every proxy has acknowledged a response that holds this weight. */
  | { readonly kind: 'expect'; readonly weight: number };

/** What it tells. */
export type FleetReport =
  | {
      readonly kind: 'loaded';
      /** From the first connection to the last acknowledgement before seconds of silence. */
      readonly seconds: number;
      readonly bytes: number;
      readonly resources: number;
    }
  | { readonly kind: 'expecting' }
  | { readonly kind: 'acknowledged'; readonly bytes: number }
  | { readonly kind: 'failed'; readonly because: string };
