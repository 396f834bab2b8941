import type { TypeState } from './contract.ts';
import { type Answer, type Batch, Subscription } from './subscription.ts';
import type { ResourceChange, View } from './view.ts';

/** The parts of a request that change what a client is to get. */
export interface DeltaRequest {
  readonly typeUrl: string;
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: Readonly<Record<string, string>>;
  readonly nonce: string;
  /** Present when the client refused the response of that nonce. */
  readonly error?: string;
}

/**
 * The subscriptions of one client over one stream, and the order in which their batches may travel: additions in the
 * order of types, so that what is referred to arrives before what refers to it; removals afterwards, in the reverse
 * order, and only when the client has taken the additions ("make before break").
 */
export class StreamState {
  readonly #subscriptions: Map<string, Subscription>;
  readonly #maxBatchBytes: number;
  #nonces = 0;
  #view: View | undefined;

  constructor(typeOrder: readonly string[], maxBatchBytes: number) {
    const nextNonce = () => this.#nextNonce();
    this.#subscriptions = new Map(typeOrder.map((typeUrl) => [typeUrl, new Subscription(typeUrl, nextNonce)]));
    this.#maxBatchBytes = maxBatchBytes;
  }

  /** All names that the client asked for; for limits. */
  get size(): number {
    return [...this.#subscriptions.values()].reduce((sum, { size }) => sum + size, 0);
  }

  get hasInFlight(): boolean {
    for (const { hasInFlight } of this.#subscriptions.values()) if (hasInFlight) return true;
    return false;
  }

  knows(typeUrl: string): boolean {
    return this.#subscriptions.has(typeUrl);
  }

  /** Applies a request for a known type; returns what it answered, nothing for a stale or absent nonce. */
  request(request: DeltaRequest): Answer | undefined {
    const subscription = this.#subscriptions.get(request.typeUrl);
    if (subscription === undefined) throw new Error(`unknown type ${request.typeUrl}`);
    const answer = subscription.expects(request.nonce) ? subscription.answer(request.error) : undefined;
    if (request.nonce === '' || request.subscribe.length > 0) {
      subscription.subscribe(request.subscribe, request.initialVersions);
    }
    if (request.unsubscribe.length > 0) subscription.unsubscribe(request.unsubscribe);
    return answer;
  }

  /** For people. */
  types(): readonly TypeState[] {
    return [...this.#subscriptions.values()].flatMap((subscription) => subscription.state() ?? []);
  }

  /** What changed in the view that `next` is called with. */
  changed(changes: readonly ResourceChange[]): void {
    for (const { typeUrl, name } of changes) this.#subscriptions.get(typeUrl)?.changed(name);
  }

  /**
   * The next batch that may travel now, counted as sent; nothing when the client must answer first or lacks nothing. It costs
   * what changed since the last call, with another view what that holds.
   */
  next(view: View): Batch | undefined {
    if (view !== this.#view) {
      this.#view = view;
      for (const subscription of this.#subscriptions.values()) subscription.allChanged();
    }
    return this.#nextAdditions(view) ?? (this.hasInFlight ? undefined : this.#nextRemovals(view));
  }

  #nextAdditions(view: View): Batch | undefined {
    for (const subscription of this.#subscriptions.values()) {
      const resources = view.get(subscription.typeUrl);
      const batch = subscription.nextAdditions(resources, this.#maxBatchBytes);
      if (batch !== undefined) return batch;
      // Later types may refer to what waits behind the batch in flight.
      if (subscription.hasInFlight && subscription.lacks(resources)) return undefined;
    }
    return undefined;
  }

  #nextRemovals(view: View): Batch | undefined {
    for (const subscription of [...this.#subscriptions.values()].reverse()) {
      const resources = view.get(subscription.typeUrl);
      const batch = subscription.nextRemovals(resources);
      if (batch !== undefined) return batch;
      // The older version that the client keeps may refer to what earlier types would remove.
      if (subscription.refuses(resources)) return undefined;
    }
    return undefined;
  }

  #nextNonce(): string {
    this.#nonces += 1;
    return String(this.#nonces);
  }
}
