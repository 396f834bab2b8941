import net from 'node:net';
import tls from 'node:tls';
import { limits } from '../limits.ts';
import type { TlsMaterial } from '../tls/material.ts';
import { admittedPeer } from './peer.ts';

/** Takes a connection; the peer's identity is proven, or empty where connections come in plain text. */
export type Accept = (socket: net.Socket, peer: string) => void;

/**
 * The accepting socket of every listener, and the one place that decides who may connect: anyone in plain text, or with
 * material only peers whose certificate proves an identity of the trust domain.
 */
export class PeerServer {
  readonly #server: net.Server;
  #material: TlsMaterial | undefined;

  /**
   * A client may end its side and still wait for the answer. `protocols`: what is offered to peers, in order; without, plain
   * connections wait unread until they are resumed.
   */
  constructor(material: TlsMaterial | undefined, protocols: readonly string[] | undefined, accept: Accept) {
    this.#material = material;
    if (material === undefined) {
      const options = { noDelay: true, allowHalfOpen: true, pauseOnConnect: protocols === undefined };
      this.#server = net.createServer(options, (socket) => accept(socket, ''));
    } else {
      const options = {
        ...material.serverOptions,
        ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
        handshakeTimeout: limits.headerMillis,
        allowHalfOpen: true,
      };
      const server = tls.createServer(options, (socket) => {
        const peer = admittedPeer(socket, this.#material!.trustDomain);
        if (peer === undefined) socket.destroy();
        else accept(socket, peer);
      });
      server.on('tlsClientError', (_error, socket) => socket.destroy());
      this.#server = server;
    }
    this.#server.maxConnections = limits.connectionsPerListener;
  }

  /** Rejects when the address cannot be had. */
  listen(address: string, port: number): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port, backlog: 4096 }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve();
      });
    });
  }

  /** For handshakes from now on. */
  useMaterial(material: TlsMaterial): void {
    if (!(this.#server instanceof tls.Server)) return;
    this.#material = material;
    this.#server.setSecureContext(material.serverOptions);
  }

  /** Stops accepting. */
  close(): void {
    this.#server.close();
  }
}
