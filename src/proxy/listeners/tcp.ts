import type net from 'node:net';
import type { TlsMaterial } from '../tls/material.ts';
import type { Dialer, DialTarget } from '../upstream/dial.ts';
import type { Listener } from './listener.ts';
import { type Peer, peerOf } from './peer.ts';
import { PeerServer } from './peer-server.ts';
import { splice } from './splice.ts';

/** Where a client's connection goes, and who wants to know what becomes of it. */
export interface TcpRoute {
  readonly target: DialTarget;
  readonly connectMillis: number;
  /** Exactly one of `connected` and `failed` is called, unless the client leaves before; then, always, `ended`. */
  connected(): void;
  failed(): void;
  ended(): void;
}

/** Decides about a connection of a client; undefined to close it without a byte. */
export type TcpDecision = (peer: Peer) => TcpRoute | undefined;

/** Takes raw connections, in plain text or with mutual TLS, and splices them. */
export class TcpListener implements Listener<TcpDecision> {
  readonly #dialer: Dialer;
  readonly #server: PeerServer;
  readonly #open = new Set<net.Socket>();
  #decide: TcpDecision;

  constructor(dialer: Dialer, decide: TcpDecision, material?: TlsMaterial) {
    this.#dialer = dialer;
    this.#decide = decide;
    this.#server = new PeerServer(material, undefined, (socket, peer) => this.#accept(socket, peer));
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
    client.once('close', () => {
      this.#open.delete(client);
      decision.ended();
    });
    this.#connect(client, decision);
  }

  #connect(client: net.Socket, route: TcpRoute): void {
    let settled = false;
    const settle = (connected: boolean) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      client.off('close', leave);
      if (connected) route.connected();
      else if (!client.destroyed) route.failed();
      if (!connected) client.destroy();
    };
    const server = this.#dialer.dial(route.target, (ready) => {
      settle(true);
      splice(client, ready);
    });
    const leave = () => {
      settle(false);
      server?.destroy();
    };
    const timer = setTimeout(leave, route.connectMillis);
    if (server === undefined) {
      leave();
      return;
    }
    client.once('close', leave);
    server.on('error', () => settle(false));
    server.once('close', () => settle(false));
  }
}
