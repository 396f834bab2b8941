import type { InboundPort } from './emitted.ts';
import type { Message } from './message.ts';

/** Filter chains of a port: for peers that prove an identity, for plain callers, or for both, told apart by the TLS inspector. */
export function admission({ tls, proven, plain }: InboundPort): readonly Message[] {
  if (tls === undefined) return proven;
  if (tls === 'off') return [{ filters: plain }];
  const chains = proven.map((chain) => matching(chain, { transportProtocol: 'tls' }));
  return [...chains, { filterChainMatch: { transportProtocol: 'raw_buffer' }, filters: plain }];
}

/** The chain, for connections that have this, too, in common. */
export function matching(chain: Message, match: Message): Message {
  return { ...chain, filterChainMatch: { ...(chain.filterChainMatch as Message | undefined), ...match } };
}

/** Who says nothing waits for the server to speak first, which clients of TLS never do. */
export const inspection: Message = { listenerFiltersTimeout: '3s', continueOnListenerFiltersTimeout: true };
