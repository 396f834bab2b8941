import type net from 'node:net';
import { limits } from '../limits.ts';

/** Binds a server; rejects when the address cannot be had. */
export function bind(server: net.Server, address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port, backlog: 4096 }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}

/** A bound address whose behaviour can be replaced while it serves. */
export interface Listener<Table> {
  listen(address: string, port: number): Promise<void>;
  use(table: Table): void;
  readonly connections: number;
  /** Stops accepting and lets what is under way finish. */
  drain(): void;
  /** Ends everything. */
  destroy(): void;
}

/** For servers with TLS; a client may end its side and still wait for the answer. */
export const tlsOptions = { handshakeTimeout: limits.headerMillis, allowHalfOpen: true } as const;
