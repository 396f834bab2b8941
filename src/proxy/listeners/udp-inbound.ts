import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { HeaderList } from '../http2/header-list.ts';
import { ServerSession } from '../http2/server-session.ts';
import type { ServerStream } from '../http2/server-stream.ts';
import type { StreamSink } from '../http2/stream-sink.ts';
import { limits } from '../limits.ts';
import { readInto } from '../socket/read-into.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { TlsMaterial } from '../tls/material.ts';
import { accepted, isConnectUdp, refusal } from '../udp/connect-udp.ts';
import type { FlowSeries } from '../udp/flow-series.ts';
import { ServedFlow } from '../udp/served-flow.ts';
import type { ConnectionListener } from './listener.ts';
import { type Peer, peerOf } from './peer.ts';
import { PeerServer } from './peer-server.ts';

export interface UdpTarget {
  readonly address: string;
  readonly port: number;
  readonly series: FlowSeries;
}

/** Decides about a flow of another proxy; undefined refuses it. */
export type UdpAccess = (peer: Peer) => UdpTarget | undefined;

const ignored: StreamSink = { data: () => true, end: () => {}, reset: () => {}, drained: () => {} };

/** Takes flows of datagrams from other proxies (RFC 9298) for the program behind this one. */
export class UdpInboundListener implements ConnectionListener<UdpAccess>, Tickable {
  readonly #ticker: Ticker;
  readonly #server: PeerServer;
  readonly #sessions = new Set<ServerSession>();
  readonly #flows = new Set<ServedFlow>();
  #access: UdpAccess;

  constructor(ticker: Ticker, access: UdpAccess, material: TlsMaterial) {
    this.#ticker = ticker;
    this.#access = access;
    this.#server = new PeerServer({ admission: 'mutual-tls' }, material, ['h2'], (socket, identity) =>
      this.#accept(socket, peerOf(socket, identity)),
    );
  }

  get connections(): number {
    return this.#sessions.size;
  }

  async listen(address: string, port: number): Promise<void> {
    await this.#server.listen(address, port);
    this.#ticker.add(this);
  }

  get port(): number {
    return this.#server.port;
  }

  take(socket: Socket): void {
    this.#server.take(socket);
  }

  /** For flows from now on. */
  use(access: UdpAccess): void {
    this.#access = access;
  }

  useMaterial(material: TlsMaterial): void {
    this.#server.useMaterial(material);
  }

  tick(now: number): void {
    for (const flow of this.#flows) if (now - flow.heard > limits.udpIdleMillis) flow.close();
  }

  drain(): void {
    this.#server.close();
    for (const session of this.#sessions) session.drain();
  }

  destroy(): void {
    this.#server.close();
    this.#ticker.remove(this);
    for (const session of [...this.#sessions]) session.destroy();
  }

  #accept(socket: Socket, peer: Peer): void {
    if (!(socket instanceof TLSSocket) || socket.alpnProtocol !== 'h2') {
      socket.destroy();
      return;
    }
    const session: ServerSession = new ServerSession({
      socket,
      ticker: this.#ticker,
      extendedConnect: true,
      closed: () => this.#sessions.delete(session),
      request: (stream, head) => this.#request(stream, head, peer),
    });
    this.#sessions.add(session);
    readInto(socket, (bytes) => session.receive(bytes));
  }

  #request(stream: ServerStream, head: HeaderList, peer: Peer): StreamSink {
    const refuse = (status: number) => {
      stream.head(refusal(status), undefined);
      stream.end(undefined);
      return ignored;
    };
    if (!isConnectUdp(head)) return refuse(404);
    const target = this.#access(peer);
    if (target === undefined) return refuse(403);
    if (this.#flows.size >= limits.udpFlowsPerListener) {
      target.series.dropped('flows');
      return refuse(503);
    }
    const flow: ServedFlow = new ServedFlow(stream, target, this.#ticker, () => this.#flows.delete(flow));
    this.#flows.add(flow);
    stream.head(accepted, undefined);
    return flow;
  }
}
