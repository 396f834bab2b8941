import type { Message } from './message.ts';

/** The identity that a client proved. */
export const peerIdentity = 'connection.uri_san_peer_certificate';

/** By key, what is to be known of callers: by identity, and of all others under the empty one. */
export type SaidOfPeers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/**
 * What a virtual host says of callers for those who log their requests. It is said there and not where the logs are: a listener that
 * changes drains its connections, and who may call changes often.
 */
export function peerMetadata(said: SaidOfPeers): { readonly metadata: Message } {
  return { metadata: { filterMetadata: { 'smi-mesh': said } } };
}

/** What it says under a key of the caller of a request, as an expression of CEL. */
export function saidOfPeer(key: string): string {
  const said = `xds.virtual_host_metadata.filter_metadata['smi-mesh']['${key}']`;
  return `${said}[${peerIdentity} in ${said} ? ${peerIdentity} : '']`;
}

export function cel(expression: string): string {
  return `%CEL(${expression})%`;
}
