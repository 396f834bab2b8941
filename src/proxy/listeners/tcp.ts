import net from 'node:net';
import tls from 'node:tls';
import { limits } from '../limits.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { Dialer, DialTarget } from '../upstream/dial.ts';
import { bind, type Listener, tlsOptions } from './listener.ts';
import { admittedPeer, type Peer, peerOf } from './peer.ts';
import { splice } from './splice.ts';

/** Decides about a connection of a client: where it goes, or undefined to close it without a byte. */
export type TcpDecision = (peer: Peer) => { readonly target: DialTarget; readonly failed: () => void } | undefined;

/** Takes raw connections, in plain text or with mutual TLS, and splices them. */
export class TcpListener implements Listener<TcpDecision> {
  readonly #dialer: Dialer;
  readonly #server: net.Server;
  readonly #open = new Set<net.Socket>();
  #decide: TcpDecision;
  #material: TlsMaterial | undefined;

  constructor(dialer: Dialer, decide: TcpDecision, material?: TlsMaterial) {
    this.#dialer = dialer;
    this.#decide = decide;
    this.#material = material;
    if (material === undefined) {
      const options = { noDelay: true, allowHalfOpen: true, pauseOnConnect: true };
      this.#server = net.createServer(options, (socket) => this.#accept(socket, ''));
    } else {
      const server = tls.createServer({ ...material.serverOptions, ...tlsOptions }, (socket) => {
        const peer = admittedPeer(socket, this.#material!.trustDomain);
        if (peer === undefined) socket.destroy();
        else this.#accept(socket, peer);
      });
      server.on('tlsClientError', (_error, socket) => socket.destroy());
      this.#server = server;
    }
    this.#server.maxConnections = limits.connectionsPerListener;
  }

  get connections(): number {
    return this.#open.size;
  }

  listen(address: string, port: number): Promise<void> {
    return bind(this.#server, address, port);
  }

  use(decide: TcpDecision): void {
    this.#decide = decide;
  }

  useMaterial(material: TlsMaterial): void {
    if (!(this.#server instanceof tls.Server)) return;
    this.#material = material;
    this.#server.setSecureContext(material.serverOptions);
  }

  /** Bytes have no end that we know: open connections stay until the limit. */
  drain(): void {
    this.#server.close();
  }

  destroy(): void {
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
  }

  #accept(client: net.Socket, peer: string): void {
    client.on('error', () => client.destroy());
    const decision = this.#decide(peerOf(client, peer));
    if (decision === undefined) {
      client.destroy();
      return;
    }
    this.#open.add(client);
    client.once('close', () => this.#open.delete(client));
    this.#connect(client, decision);
  }

  #connect(client: net.Socket, { target, failed }: NonNullable<ReturnType<TcpDecision>>): void {
    const server = this.#dialer.dial(target, (ready) => {
      clearTimeout(timer);
      client.off('close', giveUp);
      ready.off('close', giveUp);
      ready.off('error', failed);
      splice(client, ready);
    });
    const giveUp = () => {
      clearTimeout(timer);
      client.destroy();
      server?.destroy();
    };
    const timer = setTimeout(giveUp, limits.connectMillis);
    if (server === undefined) {
      failed();
      giveUp();
      return;
    }
    client.once('close', giveUp);
    server.once('error', failed);
    server.on('error', giveUp);
    server.once('close', giveUp);
  }
}
