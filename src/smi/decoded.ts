import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type {
  HTTPRouteGroup,
  IdentityBinding,
  TCPRoute,
  TrafficMetricsDocument,
  TrafficSplit,
  TrafficTarget,
  UDPRoute,
} from './types.ts';

/** An SMI object in its hub type. */
export type SmiObject =
  | { readonly kind: 'TrafficSplit'; readonly value: TrafficSplit }
  | { readonly kind: 'TrafficTarget'; readonly value: TrafficTarget }
  | { readonly kind: 'HTTPRouteGroup'; readonly value: HTTPRouteGroup }
  | { readonly kind: 'IdentityBinding'; readonly value: IdentityBinding }
  | { readonly kind: 'TCPRoute'; readonly value: TCPRoute }
  | { readonly kind: 'UDPRoute'; readonly value: UDPRoute }
  | { readonly kind: 'TrafficMetrics'; readonly value: TrafficMetricsDocument };

/** What reading an object gave; without a value it is refused, and an error among the diagnostics says why. */
export interface Decoded<T> {
  readonly value?: T;
  readonly diagnostics: readonly Diagnostic[];
}
