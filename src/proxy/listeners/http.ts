import type net from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ConnectionHost } from '../http/connection-host.ts';
import { ServerConnection } from '../http1/server-connection.ts';
import { Http2ServerConnection } from '../http2/server-connection.ts';
import type { Destination } from '../interception/original-destination.ts';
import { limits } from '../limits.ts';
import type { CompiledPhases } from '../phases/phase.ts';
import { readInto } from '../socket/read-into.ts';
import type { Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import { anyHttp } from '../upstream/dial.ts';
import type { ConnectionListener } from './listener.ts';
import { peerOf } from './peer.ts';
import { type Entry, PeerServer } from './peer-server.ts';
import { UndecidedConnection } from './undecided.ts';

/** What a listener needs of a client's connection, whatever it speaks. */
interface ClientSide {
  receive(bytes: Buffer): void;
  drain(deadline: number): void;
  destroy(): void;
}

/** Who may connect, and what happens to the requests. */
export interface HttpTable extends Entry {
  readonly phases: CompiledPhases;
}

/** Takes HTTP connections, 1.1 and 2: in plain text from the program, or with mutual TLS from other proxies. */
export class HttpListener implements ConnectionHost<ClientSide>, ConnectionListener<HttpTable> {
  readonly ticker: Ticker;
  phases: CompiledPhases;
  draining = false;
  readonly #server: PeerServer;
  readonly #open = new Set<ClientSide>();

  constructor(ticker: Ticker, table: HttpTable, material?: TlsMaterial) {
    this.ticker = ticker;
    this.phases = table.phases;
    this.#server = new PeerServer(table, material, anyHttp, (...accepted) => this.#accept(...accepted));
  }

  get connections(): number {
    return this.#open.size;
  }

  listen(address: string, port: number): Promise<void> {
    return this.#server.listen(address, port);
  }

  get port(): number {
    return this.#server.port;
  }

  take(socket: net.Socket, destination?: Destination): void {
    this.#server.take(socket, destination);
  }

  use(table: HttpTable): void {
    this.#server.useEntry(table);
    this.phases = table.phases;
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

  closed(connection: ClientSide): void {
    this.#open.delete(connection);
  }

  #accept(socket: net.Socket, identity: string, destination?: Destination): void {
    if (this.draining) {
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    const peer = peerOf(socket, identity, destination);
    const take = (connection: ClientSide): ClientSide => {
      this.#open.add(connection);
      return connection;
    };
    const begin = (http2: boolean): ClientSide =>
      take(http2 ? new Http2ServerConnection(this, socket, peer) : new ServerConnection(this, socket, peer));
    let receiver: ClientSide;
    if (socket instanceof TLSSocket) {
      receiver = begin(socket.alpnProtocol === 'h2');
    } else {
      const undecided = new UndecidedConnection(
        socket,
        this.ticker,
        (http2, bytes) => {
          this.#open.delete(undecided);
          receiver = begin(http2);
          receiver.receive(bytes);
        },
        () => this.#open.delete(undecided),
      );
      receiver = take(undecided);
    }
    readInto(socket, (bytes) => receiver.receive(bytes));
  }
}
