import type { SpiffeId } from '../lib/spiffe.ts';
import type { View } from './view.ts';

/** What a client says of itself in its first request (`envoy.config.core.v3.Node`). */
export interface NodeInfo {
  readonly id: string;
  readonly cluster: string;
  readonly userAgentName: string;
  readonly userAgentVersion: string;
  /** The `google.protobuf.Struct` as plain JSON. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** One connected client: what it has, and what it lacks. Times are milliseconds since the epoch. */
export interface ProxyState {
  readonly node: NodeInfo;
  /** Undefined only without TLS. */
  readonly peer: SpiffeId | undefined;
  readonly variant: 'delta' | 'sotw';
  readonly connectedSince: number;
  /** What it is to have. */
  readonly view: View;
  /** In the order of types; those that it has asked for. */
  readonly types: readonly TypeState[];
}

export interface TypeState {
  readonly typeUrl: string;
  readonly wildcard: boolean;
  /** The names that it asked for one by one. */
  readonly names: readonly string[];
  /** Name to version of what it has accepted; made anew whenever it is read. */
  readonly acked: ReadonlyMap<string, string>;
  /** All that it asks for or holds; made anew whenever it is read. */
  readonly resources: readonly ResourceState[];
  /** The response that it has not answered yet. */
  readonly inFlight: InFlightState | undefined;
  /** What differs from its view and has not been sent. */
  readonly lacking: readonly string[];
  readonly refused: readonly RefusedResource[];
}

export interface ResourceState {
  readonly name: string;
  /** What the client holds; empty when it holds none. */
  readonly version: string;
  /** When the server got the content that the client holds, if it had it itself. */
  readonly updatedAt: number | undefined;
  /** `taken`: the client knows what the view says, be it that there is no such resource. */
  readonly delivery: 'taken' | 'in flight' | 'not sent';
}

export interface InFlightState {
  readonly since: number;
  readonly resources: readonly string[];
  readonly removed: readonly string[];
}

/** Kept away from the client until its content changes. */
export interface RefusedResource {
  readonly name: string;
  readonly version: string;
  readonly since: number;
  /** In the client's words. */
  readonly detail: string;
}

export interface XdsLimits {
  /** Open streams; further ones are refused with RESOURCE_EXHAUSTED. */
  readonly maxStreams: number;
  /** Resource names that one stream may ask for. */
  readonly maxNames: number;
  readonly maxNameLength: number;
  readonly maxRequestBytes: number;
  /** What a client sends faster is read later; ten seconds' worth may come at once. */
  readonly maxRequestsPerSecond: number;
  /** About how long one response may be; a longer change travels in several. */
  readonly maxBatchBytes: number;
  /** How long a client may leave a response unanswered, or stay silent after it has connected. */
  readonly answerMillis: number;
  readonly keepaliveMillis: number;
  /** The first pause when a client refuses one response after the other; it doubles, up to 64 times. */
  readonly nackDelayMillis: number;
  /** When a refused resource whose content does not change is tried again; the time doubles, up to 64 times. */
  readonly nackRetryMillis: number;
}

export type XdsEvent =
  | { readonly kind: 'connected' | 'disconnected'; readonly node: string }
  /** One of the node's streams has answered everything, and lacks nothing of its view that it has not refused. */
  | { readonly kind: 'settled'; readonly node: string }
  | { readonly kind: 'refused'; readonly node: string; readonly because: string }
  | {
      readonly kind: 'sent';
      readonly node: string;
      readonly typeUrl: string;
      readonly resources: readonly string[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'ack'; readonly node: string; readonly typeUrl: string }
  | {
      readonly kind: 'nack';
      readonly node: string;
      readonly typeUrl: string;
      /** The refused resources; with `certain`, those at fault. */
      readonly names: readonly string[];
      readonly certain: boolean;
      /** When it is one for certain: the version that was refused, and the one that the client keeps, if it has one. */
      readonly version?: string;
      readonly kept?: string;
      readonly detail: string;
    };
