import type { XdsResource } from './view.ts';

/** What a client holds of a name, as far as the server knows: a resource, or only its version, or one of the below. */
export type Held = XdsResource | { readonly version: string };
/** It has none, and knows that there is none, or does not expect it. */
export const absent: Held = { version: '' };
/** It has none, and waits to be told. */
export const untold: Held = { version: '' };
/** It waits to be told although it may hold one. */
export const again: Held = { version: '' };
/** It may hold one of another version. */
export const unknown: Held = { version: '' };

/** The response that a client has not answered. */
export interface InFlight {
  readonly nonce: string;
  readonly since: number;
  /** By name, what the client held before, and what it gets (undefined: a removal). */
  readonly sent: Map<string, { readonly before: Held; readonly now: XdsResource | undefined }>;
}
