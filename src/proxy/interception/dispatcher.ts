import net from 'node:net';
import { canonicalIp } from '../../lib/ip-address.ts';
import { limits } from '../limits.ts';
import type { ConnectionListener } from '../listeners/listener.ts';
import { reset } from '../listeners/reset.ts';
import { sniff } from '../listeners/sniff.ts';
import type { Destination, DestinationReader } from './original-destination.ts';

/** What becomes of a redirected connection. */
export type Way =
  | {
      /** Key of the listener that takes it. */
      readonly listener: string;
      /** Whether the listener is told where it was going: that is no service's address. */
      readonly straight: boolean;
      /** Whether it must speak HTTP for that, and the key of the listener for what does not; without one that is refused. */
      readonly unlessHttp?: { readonly listener: string | undefined };
    }
  | { readonly refused: RefusalReason };

export type RefusalReason =
  /** The system does not say where it was going. */
  | 'no-destination'
  /** It came to the proxy's own port: followed, it would come back for ever. */
  | 'not-redirected'
  /** It was going to a port of the proxy's own, at whatever address. */
  | 'proxy-port'
  /** Loopback, link-local of IPv6, and addresses of no host. */
  | 'local-address'
  /** Nothing of the mesh is there, and only that may be reached. */
  | 'not-in-mesh'
  /** No container declares the port. */
  | 'undeclared-port'
  /** The listener for it is not there. */
  | 'not-ready';

export interface DispatcherOptions {
  readonly reader: DestinationReader;
  readonly find: (key: string) => Partial<Pick<ConnectionListener<never>, 'take'>> | undefined;
  readonly refused: (reason: RefusalReason, destination: Destination | undefined, from: string) => void;
}

export type Ways = (destination: Destination) => Way;

/** Takes all connections that are redirected to one port and hands each to the listener for where it was going. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #server: net.Server;
  /** Connections that have not said yet what they speak. */
  readonly #unclear = new Set<net.Socket>();
  #ways: Ways;

  constructor(options: DispatcherOptions, ways: Ways) {
    this.#options = options;
    this.#ways = ways;
    this.#server = net.createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#take(socket));
    this.#server.maxConnections = limits.redirectedConnections;
  }

  get connections(): number {
    return this.#unclear.size;
  }

  /** `::` takes both stacks, and IPv4 alone where there is no other. */
  async listen(address: string, port: number): Promise<void> {
    try {
      await this.#listen(address, port);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (address !== '::' || !['EAFNOSUPPORT', 'EADDRNOTAVAIL', 'EINVAL'].includes(code)) throw error;
      await this.#listen('0.0.0.0', port);
    }
  }

  use(ways: Ways): void {
    this.#ways = ways;
  }

  /** The listeners behind it do the handshakes. */
  useMaterial(): void {}

  drain(): void {
    this.#server.close();
    for (const socket of this.#unclear) socket.destroy();
  }

  destroy(): void {
    this.drain();
  }

  #listen(host: string, port: number): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, backlog: 4096 }, () => {
        server.off('error', reject);
        server.on('error', () => {});
        resolve();
      });
    });
  }

  #take(socket: net.Socket): void {
    const destination = this.#options.reader(socket);
    const way = destination === undefined ? ({ refused: 'no-destination' } as const) : this.#way(socket, destination);
    if ('refused' in way) {
      this.#refuse(socket, way.refused, destination);
      return;
    }
    const { listener, straight, unlessHttp } = way;
    if (unlessHttp === undefined) this.#hand(socket, listener, straight, destination!);
    else this.#tell(socket, listener, unlessHttp.listener, destination!);
  }

  #way(socket: net.Socket, destination: Destination): Way {
    const own = destination.port === socket.localPort && destination.address === canonicalIp(socket.localAddress ?? '');
    return own ? { refused: 'not-redirected' } : this.#ways(destination);
  }

  /** Who says nothing for a while waits for the server to speak first, which clients of HTTP never do. */
  #tell(socket: net.Socket, http: string, other: string | undefined, destination: Destination): void {
    const gone = () => socket.destroy();
    this.#unclear.add(socket);
    socket.on('error', gone);
    sniff(socket, limits.sniffMillis, (found) => {
      this.#unclear.delete(socket);
      socket.off('error', gone);
      if (found === 'closed') socket.destroy();
      else if (found === 'http1' || found === 'http2') this.#hand(socket, http, true, destination);
      else if (other === undefined) this.#refuse(socket, 'not-in-mesh', destination);
      else this.#hand(socket, other, true, destination);
    });
  }

  #hand(socket: net.Socket, key: string, straight: boolean, destination: Destination): void {
    const listener = this.#options.find(key);
    if (listener?.take === undefined) this.#refuse(socket, 'not-ready', destination);
    else listener.take(socket, straight ? destination : undefined);
  }

  #refuse(socket: net.Socket, reason: RefusalReason, destination: Destination | undefined): void {
    this.#options.refused(reason, destination, canonicalIp(socket.remoteAddress ?? '') ?? '');
    socket.on('error', () => socket.destroy());
    reset(socket);
  }
}
