import type { Socket } from 'node:net';
import tls from 'node:tls';

/**
 * Ends a connection so that the other side sees that it broke, not that it came to its end. Under TLS the reset is that of
 * the connection below: Node takes an end without close_notify for a proper one, and has no other way to what is below.
 */
export function reset(socket: Socket): void {
  const below = socket instanceof tls.TLSSocket ? (socket as { readonly _parent?: Socket })._parent : socket;
  if (below !== undefined && !below.destroyed) below.resetAndDestroy();
  socket.destroy();
}
