import type net from 'node:net';
import type { ConnectionCounters } from '../../telemetry/requests.ts';
import type { Destination } from '../interception/original-destination.ts';
import { limits } from '../limits.ts';
import { type ClientHello, readClientHello } from '../tls/client-hello.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { Dialer, DialTarget } from '../upstream/dial.ts';
import type { ConnectionListener } from './listener.ts';
import { type Peer, peerOf } from './peer.ts';
import { type Entry, PeerServer } from './peer-server.ts';
import { peek } from './sniff.ts';
import { splice } from './splice.ts';

/** One try to connect. */
export interface TcpAttempt {
  readonly target: DialTarget;
  readonly connectMillis: number;
}

/** The way of one connection to a server. */
export interface TcpRoute {
  /** Where to try now; undefined when there is nowhere, or nowhere left. */
  next(): TcpAttempt | undefined;
  /** What `next` said last could not be connected to. */
  failed(): void;
  /** It could. */
  connected(): ConnectionCounters;
  /** The client's connection is over, whatever became of it; the last call. */
  ended(): void;
}

export interface TcpTable extends Entry {
  /** Whether the server name of a TLS ClientHello chooses; its bytes go on as they came. */
  readonly byServerName: boolean;
  /** Undefined closes the connection without a byte. `serverName`: in lower case, empty when there is none. */
  route(peer: Peer, serverName: string): TcpRoute | undefined;
}

/** Takes raw connections, in plain text or with mutual TLS, and splices them. */
export class TcpListener implements ConnectionListener<TcpTable> {
  readonly #dialer: Dialer;
  readonly #server: PeerServer;
  readonly #open = new Set<net.Socket>();
  #table: TcpTable;

  constructor(dialer: Dialer, table: TcpTable, material?: TlsMaterial) {
    this.#dialer = dialer;
    this.#table = table;
    this.#server = new PeerServer(table, material, undefined, (...accepted) => this.#accept(...accepted));
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

  use(table: TcpTable): void {
    this.#table = table;
    this.#server.useEntry(table);
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

  #accept(client: net.Socket, identity: string, destination?: Destination): void {
    client.on('error', () => client.destroy());
    this.#open.add(client);
    client.once('close', () => this.#open.delete(client));
    const peer = peerOf(client, identity, destination);
    if (this.#table.byServerName) {
      peek(client, limits.sniffMillis, helloJudge(), (found) => {
        if (found === 'closed') client.destroy();
        else this.#begin(client, peer, typeof found === 'string' || found.kind !== 'hello' ? '' : found.serverName);
      });
    } else this.#begin(client, peer, '');
  }

  #begin(client: net.Socket, peer: Peer, serverName: string): void {
    const route = this.#table.route(peer, serverName);
    if (route === undefined) {
      client.destroy();
      return;
    }
    client.once('close', () => route.ended());
    this.#connect(client, route);
  }

  /** Tries one endpoint after the other until the route has no more. */
  #connect(client: net.Socket, route: TcpRoute): void {
    const attempt = route.next();
    if (attempt === undefined) {
      client.destroy();
      return;
    }
    const server = this.#dialer.dial(attempt.target, (ready) => {
      settle();
      splice(client, ready, route.connected());
    });
    const settle = () => {
      clearTimeout(timer);
      client.off('close', giveUp);
      server?.off('close', failed);
      server?.off('error', ignore);
    };
    const giveUp = () => {
      settle();
      server?.on('error', ignore);
      server?.destroy();
    };
    const failed = () => {
      settle();
      route.failed();
      this.#connect(client, route);
    };
    const timer = setTimeout(() => server?.destroy(), attempt.connectMillis);
    if (server === undefined) {
      failed();
      return;
    }
    client.once('close', giveUp);
    server.on('error', ignore);
    server.once('close', failed);
  }
}

/** Reads again only when there is enough for more. */
function helloJudge(): (bytes: Buffer) => Exclude<ClientHello, { readonly kind: 'more' }> | undefined {
  let needed = 0;
  return (bytes) => {
    if (bytes.length < needed) return undefined;
    const hello = readClientHello(bytes);
    if (hello.kind !== 'more') return hello;
    ({ needed } = hello);
    return undefined;
  };
}

/** The socket's `close` follows and says all that matters. */
function ignore(): void {}
