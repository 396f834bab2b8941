import type { TypeState } from './contract.ts';
import type { Protocol } from './protocol.ts';
import { wholeTypes } from './sotw.ts';
import { type Answer, type Batch, Subscription } from './subscription.ts';
import type { ResourceChange, View } from './view.ts';

export interface StreamStateOptions {
  /** Type URLs in the order in which additions must arrive. */
  readonly typeOrder: readonly string[];
  readonly view: View;
  /** About how long one response may be. */
  readonly maxBatchBytes: number;
  /** The first pause when a client refuses one response after the other. */
  readonly nackDelayMillis: number;
  /** When a refused resource is tried again for the first time. */
  readonly nackRetryMillis: number;
}

/**
 * The subscriptions of one client over one stream, and the order in which their batches may travel: additions in the
 * order of types, each type when the client has taken the one before, so that what is referred to is in place before what
 * refers to it (but what the client waits for at once); removals afterwards, in the reverse order ("make before break").
 */
export class StreamState<Request extends { readonly typeUrl: string }> {
  readonly #protocol: Protocol<Request>;
  readonly #subscriptions: ReadonlyMap<string, Subscription>;
  readonly #ordered: readonly Subscription[];
  readonly #reversed: readonly Subscription[];
  #nonces = 0;
  readonly #nextNonce = () => {
    this.#nonces += 1;
    return String(this.#nonces);
  };

  constructor(protocol: Protocol<Request>, { typeOrder, ...options }: StreamStateOptions) {
    this.#protocol = protocol;
    this.#ordered = typeOrder.map(
      (typeUrl) =>
        new Subscription({ ...options, typeUrl, variant: protocol.variant, alwaysWhole: wholeTypes.has(typeUrl) }),
    );
    this.#reversed = this.#ordered.toReversed();
    this.#subscriptions = new Map(this.#ordered.map((subscription) => [subscription.typeUrl, subscription]));
  }

  /** All names that the client asked for; for limits. */
  get size(): number {
    return this.#ordered.reduce((sum, { interest }) => sum + interest.explicit.size, 0);
  }

  /** Since when the client owes an answer. */
  get oldestInFlight(): number | undefined {
    let oldest: number | undefined;
    for (const { inFlightSince: since } of this.#ordered) {
      if (since !== undefined && (oldest === undefined || since < oldest)) oldest = since;
    }
    return oldest;
  }

  /** When something that is held back because of refusals may travel. */
  get resumeAt(): number | undefined {
    let earliest: number | undefined;
    for (const { resumeAt } of this.#ordered) {
      if (resumeAt > 0 && resumeAt > Date.now() && resumeAt < (earliest ?? Infinity)) earliest = resumeAt;
    }
    return earliest;
  }

  knows(typeUrl: string): boolean {
    return this.#subscriptions.has(typeUrl);
  }

  /** Applies a request for a known type; returns what it answered, nothing for a stale or absent nonce. */
  request(request: Request): Answer | undefined {
    const subscription = this.#subscriptions.get(request.typeUrl);
    if (subscription === undefined) throw new Error(`unknown type ${request.typeUrl}`);
    return this.#protocol.apply(subscription, request);
  }

  changed(changes: readonly ResourceChange[]): void {
    for (const change of changes) this.#subscriptions.get(change.typeUrl)?.changed(change);
  }

  /** For people. */
  types(): readonly TypeState[] {
    return this.#ordered.flatMap((subscription) => subscription.state() ?? []);
  }

  /** The next batch that may travel now, counted as sent; nothing when the client must answer first or lacks nothing. */
  next(): Batch | undefined {
    let isEarlierInFlight = false;
    for (const subscription of this.#ordered) {
      const batch = subscription.nextAdditions(this.#nextNonce, isEarlierInFlight);
      if (batch !== undefined) {
        for (const { awaits } of batch.changed) {
          for (const { typeUrl, name } of awaits ?? []) this.#subscriptions.get(typeUrl)?.awaits(name);
        }
        return batch;
      }
      // Later types may refer to what is in flight; a client that waits for one of them may answer only when it has it.
      isEarlierInFlight ||= subscription.inFlightSince !== undefined;
    }
    return isEarlierInFlight ? undefined : this.#nextRemovals();
  }

  #nextRemovals(): Batch | undefined {
    for (const subscription of this.#reversed) {
      const batch = subscription.nextRemovals(this.#nextNonce);
      if (batch !== undefined) return batch;
      // The older version that the client keeps may refer to what earlier types would remove.
      if (subscription.refuses) return undefined;
    }
    return undefined;
  }
}
