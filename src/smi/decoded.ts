import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { HTTPRouteGroup, TCPRoute, TrafficSplit, TrafficTarget } from './types.ts';

/** An SMI object in its hub type. */
export type SmiObject =
  | { readonly kind: 'TrafficSplit'; readonly value: TrafficSplit }
  | { readonly kind: 'TrafficTarget'; readonly value: TrafficTarget }
  | { readonly kind: 'HTTPRouteGroup'; readonly value: HTTPRouteGroup }
  | { readonly kind: 'TCPRoute'; readonly value: TCPRoute };

/** What reading an object gave; without a value it is refused, and an error among the diagnostics says why. */
export interface Decoded<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}
