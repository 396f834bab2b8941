import type { Socket } from 'node:net';
import { limits } from '../limits.ts';

/** Carries bytes both ways with backpressure; each side's end reaches the other after all its bytes, an error ends both. */
export function splice(client: Socket, server: Socket): void {
  direction(client, server);
  direction(server, client);
}

function direction(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy());
  from.on('close', (failed) => (failed ? to.destroy() : to.destroySoon()));
  from.setTimeout(limits.splicedIdleMillis, () => from.destroy());
  from.pipe(to);
}
