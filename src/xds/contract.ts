export interface XdsLimits {
  /** Open streams; further ones are refused with RESOURCE_EXHAUSTED. */
  readonly maxStreams: number;
  /** Resource names that one stream may ask for. */
  readonly maxNames: number;
  /** About how long one response may be; a longer change travels in several. */
  readonly maxBatchBytes: number;
  /** How long a client may leave a response unanswered, or stay silent after it has connected. */
  readonly answerMillis: number;
  readonly keepaliveMillis: number;
}

export type XdsEvent =
  | { readonly kind: 'connected' | 'disconnected'; readonly node: string }
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
      /** The refused resources; with `certain`, the one at fault. */
      readonly names: readonly string[];
      readonly certain: boolean;
      readonly detail: string;
    };
