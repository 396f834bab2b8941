import type { Answer, Subscription } from './subscription.ts';

/** The parts of a `DeltaDiscoveryRequest` that change what a client is to get. */
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
 * Applies a request; returns what it answered, nothing for a stale or absent nonce. Names count whatever the nonce, for
 * they tell differences. The first request of a type that names nothing asks for everything; a name of a later request
 * is sent, even again.
 */
export function applyDelta(subscription: Subscription, request: DeltaRequest): Answer | undefined {
  const answer = subscription.expects(request.nonce) ? subscription.answer(request.error) : undefined;
  if (!subscription.started) start(subscription, request);
  else for (const name of request.subscribe) subscription.subscribe(name);
  for (const name of request.unsubscribe) subscription.unsubscribe(name);
  return answer;
}

function start(subscription: Subscription, { subscribe, initialVersions }: DeltaRequest): void {
  const initial = new Map(Object.entries(initialVersions));
  subscription.start(subscribe, (name) => {
    const version = initial.get(name);
    return version === undefined ? undefined : { version };
  });
  for (const [name, version] of initial) subscription.brings(name, version);
  // A client that has nothing and asks for everything waits for an answer even when there is nothing.
  if (subscription.interest.wildcard && initial.size === 0) subscription.answerNext();
}
