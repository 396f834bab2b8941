import net from 'node:net';
import tls from 'node:tls';
import { canonicalIp } from '../../lib/ip-address.ts';
import type { Destination } from '../interception/original-destination.ts';
import { limits } from '../limits.ts';
import type { TlsMaterial } from '../tls/material.ts';
import { admittedPeer } from './peer.ts';
import { sniff } from './sniff.ts';

/** What OpenSSL says of bytes that are no handshake. */
const noTls = new Set(['ERR_SSL_HTTP_REQUEST', 'ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG']);

/** Takes a connection; the peer's identity is proven, or empty where connections come in plain text. */
export type Accept = (socket: net.Socket, peer: string, destination?: Destination) => void;

/** Who may connect: anyone in plain text, only peers that prove an identity, or both. */
export type Admission = 'plain' | 'mutual-tls' | 'either';

/** Why a connection was not taken: its bytes are no TLS, the handshake failed, or it proved nobody of the mesh. */
export type EntryRefusal = 'plain-text' | 'handshake' | 'no-identity';

export interface Entry {
  readonly admission: Admission;
  /** Is told of those who are not let in, with the address that they came from. */
  readonly refused?: (reason: EntryRefusal, from: string) => void;
}

/**
 * The accepting socket of every listener, and the one place that decides who may connect: with mutual TLS only peers whose
 * certificate proves an identity that the authority of its trust domain vouches for.
 */
export class PeerServer {
  readonly #server: net.Server;
  readonly #accept: Accept;
  readonly #protocols: readonly string[] | undefined;
  #entry: Entry;
  #material: TlsMaterial | undefined;
  /** Handshakes; never listens itself. */
  #secure: tls.Server | undefined;
  /** Gives up on connections that have not said yet what they speak. */
  readonly #unclear = new Set<net.Socket>();

  /**
   * A client may end its side and still wait for the answer. Without material nobody can come with mutual TLS. `protocols`:
   * what is offered to peers, in order.
   */
  constructor(
    entry: Entry,
    material: TlsMaterial | undefined,
    protocols: readonly string[] | undefined,
    accept: Accept,
  ) {
    this.#entry = entry;
    this.#protocols = protocols;
    this.#accept = accept;
    this.#server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.take(socket));
    this.#server.maxConnections = limits.connectionsPerListener;
    if (material !== undefined) this.useMaterial(material);
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

  /** 0 while it is not bound. */
  get port(): number {
    const bound = this.#server.address();
    return bound === null || typeof bound === 'string' ? 0 : bound.port;
  }

  /** Takes a connection that was accepted elsewhere, with a client that may end its side and still wait. */
  take(socket: net.Socket, destination?: Destination): void {
    const { admission } = this.#entry;
    if (admission === 'plain') this.#accept(socket, '', destination);
    else if (admission === 'mutual-tls') this.#handshake(socket);
    else this.#tell(socket, destination);
  }

  /** For connections from now on. */
  useEntry(entry: Entry): void {
    this.#entry = entry;
  }

  /** For handshakes from now on; sessions of earlier ones cannot be resumed. */
  useMaterial(material: TlsMaterial): void {
    this.#material = material;
    if (this.#secure === undefined) this.#secure = this.#handshakes(material);
    else this.#secure.setSecureContext(material.serverOptions);
  }

  /** Stops accepting. */
  close(): void {
    this.#server.close();
    for (const socket of this.#unclear) socket.destroy();
  }

  #handshakes(material: TlsMaterial): tls.Server {
    const options = {
      ...material.serverOptions,
      ...(this.#protocols === undefined ? {} : { ALPNProtocols: [...this.#protocols] }),
      handshakeTimeout: limits.headerMillis,
      allowHalfOpen: true,
    };
    const server = tls.createServer(options, (socket) => {
      const peer = admittedPeer(socket, this.#material!.trust);
      if (peer === undefined) this.#refuse('no-identity', socket);
      else this.#accept(socket, peer);
    });
    server.on('tlsClientError', (error, socket) => {
      const { code = '' } = error as NodeJS.ErrnoException;
      // Who leaves without a word only wanted to know whether somebody listens.
      if (code === 'ECONNRESET') socket.destroy();
      else this.#refuse(noTls.has(code) ? 'plain-text' : 'handshake', socket);
    });
    return server;
  }

  #refuse(reason: EntryRefusal, socket: net.Socket): void {
    this.#entry.refused?.(reason, canonicalIp(socket.remoteAddress ?? '') ?? '');
    socket.destroy();
  }

  #handshake(socket: net.Socket): void {
    if (this.#secure === undefined) socket.destroy();
    else this.#secure.emit('connection', socket);
  }

  /** Who says nothing for a while waits for the server to speak first, which clients of TLS never do. */
  #tell(socket: net.Socket, destination: Destination | undefined): void {
    const gone = () => socket.destroy();
    this.#unclear.add(socket);
    socket.on('error', gone);
    sniff(socket, limits.sniffMillis, (found) => {
      this.#unclear.delete(socket);
      socket.off('error', gone);
      if (found === 'closed') socket.destroy();
      else if (found === 'tls') this.#handshake(socket);
      else this.#accept(socket, '', destination);
    });
  }
}
