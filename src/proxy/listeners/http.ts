import type net from 'node:net';
import type { ConnectionHost } from '../http/connection-host.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { limits } from '../limits.ts';
import type { CompiledPhases } from '../phases/phase.ts';
import { readInto } from '../socket/read-into.ts';
import type { Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { Listener } from './listener.ts';
import { peerOf } from './peer.ts';
import { PeerServer } from './peer-server.ts';

/** Takes HTTP/1.1 connections: in plain text from the program, or with mutual TLS from other proxies. */
export class HttpListener implements ConnectionHost<ServerConnection>, Listener<CompiledPhases> {
  readonly ticker: Ticker;
  phases: CompiledPhases;
  draining = false;
  readonly #server: PeerServer;
  readonly #open = new Set<ServerConnection>();

  constructor(ticker: Ticker, phases: CompiledPhases, material?: TlsMaterial) {
    this.ticker = ticker;
    this.phases = phases;
    this.#server = new PeerServer(material, false, (socket, peer) => this.#accept(socket, peer));
  }

  get connections(): number {
    return this.#open.size;
  }

  listen(address: string, port: number): Promise<void> {
    return this.#server.listen(address, port);
  }

  use(phases: CompiledPhases): void {
    this.phases = phases;
  }

  /** For handshakes from now on. */
  useMaterial(material: TlsMaterial): void {
    this.#server.useMaterial(material);
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
    socket.setNoDelay(true);
    const connection = new ServerConnection(this, socket, peerOf(socket, peer));
    this.#open.add(connection);
    readInto(socket, (bytes) => connection.receive(bytes));
  }
}
