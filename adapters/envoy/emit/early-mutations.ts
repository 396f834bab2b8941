import { any, type Message } from './message.ts';

/** What an HTTP connection manager says to change the headers of a request before anything else looks at it. */
export function earlyMutations(mutations: readonly Message[]): Message {
  if (mutations.length === 0) return {};
  const type = 'envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation';
  const name = 'envoy.http.early_header_mutation.header_mutation';
  return { earlyHeaderMutationExtensions: [{ name, typedConfig: any(type, { mutations }) }] };
}
