import net from 'node:net';
import tls from 'node:tls';
import { peerSpiffeId } from '../../lib/spiffe.ts';
import type { TlsMaterial } from '../tls/material.ts';
import type { AddressGuard, Names } from './names.ts';

export interface DialTarget {
  /** For plain text also the name of a host, which is looked up for each connection. */
  readonly address: string;
  readonly port: number;
  /** Of addresses that a name has, those that may be connected to. */
  readonly guard?: AddressGuard;
  /** The SPIFFE id that the server must prove; empty for plain text. */
  readonly identity: string;
  /** The workload, `NAMESPACE/POD`, and what people know it by, for metrics. */
  readonly workload?: string;
  readonly owner?: string;
  /** In plain text: the server speaks HTTP/2 with prior knowledge. */
  readonly http2?: boolean;
  /** Requests are tunnels (RFC 8441), which only HTTP/2 has. */
  readonly tunnel?: boolean;
  /** It is the program behind this proxy, which is reached past the proxy's own listeners. */
  readonly program?: true;
}

/**
 * The port on which this proxy itself takes what others send to an address of its pod: to them the way is redirected, to it
 * alone it is not. Undefined: the address and port are not the pod's; 0: nothing can be taken yet.
 */
export type OwnPort = (address: string, port: number) => number | undefined;

/** What is offered to servers in the TLS handshake, best first. */
export const anyHttp = ['h2', 'http/1.1'] as const;
export const onlyHttp1 = ['http/1.1'] as const;
export const onlyHttp2 = ['h2'] as const;

/** Opens connections with the proxy's current certificate and remembers TLS sessions for each target. */
export class Dialer {
  #material: TlsMaterial | undefined;
  #source = '';
  #own: OwnPort = () => undefined;
  readonly #names: Names;
  readonly #sessions = new Map<string, Buffer>();

  constructor(names: Names) {
    this.#names = names;
  }

  /** New connections use it; those that are open stay. */
  useMaterial(material: TlsMaterial): void {
    this.#material = material;
    this.#sessions.clear();
  }

  useOwnPorts(own: OwnPort): void {
    this.#own = own;
  }

  /** The address that other proxies shall see connections come from; empty for the system's choice. */
  useSource(address: string): void {
    this.#source = address;
  }

  /**
   * Calls `ready` once the connection can carry data: for TLS, after the server proved its identity. A failure shows as
   * the socket's `close`. Nothing is written before `ready`. Undefined without the certificate that the target asks for.
   * `protocols` are offered by TLS; without, the connection carries bytes.
   */
  dial(target: DialTarget, ready: (socket: net.Socket) => void, protocols?: readonly string[]): net.Socket | undefined {
    const { address, identity } = target;
    const port = target.program ? target.port : (this.#own(address, target.port) ?? target.port);
    if (port === 0) return undefined;
    if (identity === '') {
      const lookup = net.isIP(address) === 0 ? { lookup: this.#names.lookup(target.guard) } : {};
      const socket = net.connect({ host: address, port, noDelay: true, allowHalfOpen: true, ...lookup });
      socket.once('connect', () => ready(socket));
      return socket;
    }
    const material = this.#material;
    const secureContext = material?.clientContext(identity);
    if (secureContext === undefined) return undefined;
    const key = `${address} ${port} ${identity}`;
    const session = this.#sessions.get(key);
    const below = net.connect({
      host: address,
      port,
      noDelay: true,
      allowHalfOpen: true,
      ...(this.#source === '' ? {} : { localAddress: this.#source }),
    });
    const options: tls.ConnectionOptions & { readonly allowHalfOpen: boolean } = {
      socket: below,
      secureContext,
      rejectUnauthorized: true,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
      allowHalfOpen: true,
      checkServerIdentity: (_host, certificate) =>
        peerSpiffeId(certificate.subjectaltname) === identity ? undefined : new Error('another identity'),
      ...(session === undefined ? {} : { session }),
    };
    const socket = tls.connect(options);
    below.on('error', (error) => socket.destroy(error));
    let proven = false;
    socket.once('secureConnect', () => {
      // Node shows no certificate on a resumed session. Sessions are remembered only once this identity was proven, and
      // only who gave the ticket can resume it.
      proven = socket.isSessionReused() || peerSpiffeId(socket.getPeerCertificate().subjectaltname) === identity;
      if (!socket.authorized || !proven) {
        this.#sessions.delete(key);
        socket.destroy();
        return;
      }
      ready(socket);
    });
    socket.on('session', (ticket) => {
      if (proven && this.#material === material) this.#sessions.set(key, ticket);
    });
    socket.once('error', () => this.#sessions.delete(key));
    return socket;
  }
}
