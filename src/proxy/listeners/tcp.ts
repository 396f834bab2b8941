import type net from 'node:net';
import { limits } from '../limits.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { Dialer, DialTarget } from '../upstream/dial.ts';
import type { Listener } from './listener.ts';
import { type Peer, peerOf } from './peer.ts';
import { PeerServer } from './peer-server.ts';
import { splice } from './splice.ts';

/** Decides about a connection of a client: where it goes, or undefined to close it without a byte. */
export type TcpDecision = (peer: Peer) => { readonly target: DialTarget; readonly failed: () => void } | undefined;

/** Takes raw connections, in plain text or with mutual TLS, and splices them. */
export class TcpListener implements Listener<TcpDecision> {
  readonly #dialer: Dialer;
  readonly #server: PeerServer;
  readonly #open = new Set<net.Socket>();
  #decide: TcpDecision;

  constructor(dialer: Dialer, decide: TcpDecision, material?: TlsMaterial) {
    this.#dialer = dialer;
    this.#decide = decide;
    this.#server = new PeerServer(material, true, (socket, peer) => this.#accept(socket, peer));
  }

  get connections(): number {
    return this.#open.size;
  }

  listen(address: string, port: number): Promise<void> {
    return this.#server.listen(address, port);
  }

  use(decide: TcpDecision): void {
    this.#decide = decide;
  }

  useMaterial(material: TlsMaterial): void {
    this.#server.useMaterial(material);
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
