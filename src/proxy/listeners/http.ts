import net from 'node:net';
import tls from 'node:tls';
import type { ConnectionHost } from '../http/connection-host.ts';
import { ServerConnection } from '../http/server-connection.ts';
import { limits } from '../limits.ts';
import type { CompiledPhases } from '../phases/phase.ts';
import type { Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import { bind, type Listener, tlsOptions } from './listener.ts';
import { admittedPeer, peerOf } from './peer.ts';

/** Takes HTTP/1.1 connections: in plain text from the program, or with mutual TLS from other proxies. */
export class HttpListener implements ConnectionHost<ServerConnection>, Listener<CompiledPhases> {
  readonly ticker: Ticker;
  phases: CompiledPhases;
  draining = false;
  readonly #server: net.Server;
  readonly #open = new Set<ServerConnection>();
  #material: TlsMaterial | undefined;

  constructor(ticker: Ticker, phases: CompiledPhases, material?: TlsMaterial) {
    this.ticker = ticker;
    this.phases = phases;
    this.#material = material;
    if (material === undefined) {
      this.#server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket, ''));
    } else {
      const server = tls.createServer({ ...material.serverOptions, ...tlsOptions }, (socket) => {
        socket.setNoDelay(true);
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

  use(phases: CompiledPhases): void {
    this.phases = phases;
  }

  /** For handshakes from now on. */
  useMaterial(material: TlsMaterial): void {
    if (!(this.#server instanceof tls.Server)) return;
    this.#material = material;
    this.#server.setSecureContext(material.serverOptions);
  }

  drain(): void {
    this.draining = true;
    this.#server.close();
    const deadline = this.ticker.now + limits.lingerMillis;
    for (const connection of this.#open) connection.drain(deadline);
  }

  destroy(): void {
    this.#server.close();
    for (const connection of [...this.#open]) connection.destroy();
  }

  closed(connection: ServerConnection): void {
    this.#open.delete(connection);
  }

  #accept(socket: net.Socket, peer: string): void {
    if (this.draining) {
      socket.destroy();
      return;
    }
    this.#open.add(new ServerConnection(this, socket, peerOf(socket, peer)));
  }
}
