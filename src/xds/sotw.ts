import { stateVersion } from './encoding.ts';
import { unknown } from './held.ts';
import type { Answer, Subscription } from './subscription.ts';

/** The parts of a `DiscoveryRequest` that change what a client is to get. */
export interface SotwRequest {
  readonly typeUrl: string;
  /** All that the client asks for. */
  readonly names: readonly string[];
  /** Of the last response that the client accepted, perhaps on an earlier stream. */
  readonly version: string;
  readonly nonce: string;
  /** Present when the client refused the response of that nonce. */
  readonly error?: string;
}

/** The types of which a response of the state of the world leaves out what does not exist ("xDS protocol", SotW). */
export const wholeTypes: ReadonlySet<string> = new Set([
  'type.googleapis.com/envoy.config.listener.v3.Listener',
  'type.googleapis.com/envoy.config.cluster.v3.Cluster',
]);

/**
 * Applies a request; returns what it answered, nothing for a stale or absent nonce. Names count whatever the nonce: what a
 * client left out in between, it has dropped. Repeating the latest request asks for the resources once more.
 */
export function applySotw(subscription: Subscription, request: SotwRequest): Answer | undefined {
  if (!subscription.started) {
    start(subscription, request);
    return undefined;
  }
  const isCurrent = request.nonce === subscription.lastNonce;
  const answer = subscription.expects(request.nonce) ? subscription.answer(request.error) : undefined;
  const isNews = rename(subscription, request.names);
  // One refusal said twice is no wish for more.
  if (isCurrent && answer === undefined && !isNews && request.error === undefined) subscription.repeat();
  return answer;
}

function start(subscription: Subscription, { names, version }: SotwRequest): void {
  subscription.start(names, () => (version === '' ? undefined : unknown));
  if (!subscription.whole) return;
  if (version !== '' && version === stateVersion(subscription.everything())) subscription.hasEverything();
  else subscription.answerNext();
}

/** Whether the names are others than before. Once a client has named something, an empty list asks for nothing. */
function rename(subscription: Subscription, names: readonly string[]): boolean {
  if (names.length === 0 && !subscription.interest.named) return false;
  if (!subscription.interest.named) subscription.endSilence();
  const wanted = new Set(names);
  const dropped = subscription.interest.names.filter((name) => !wanted.has(name));
  const added = names.filter((name) => !subscription.interest.says(name));
  for (const name of dropped) subscription.unsubscribe(name);
  for (const name of added) subscription.subscribe(name);
  if (added.length > 0 && subscription.whole) subscription.answerNext();
  return added.length > 0 || dropped.length > 0;
}
