import dgram from 'node:dgram';
import net from 'node:net';
import { canonicalIp } from '../../lib/ip-address.ts';
import { limits } from '../limits.ts';
import type { Tickable, Ticker } from '../ticker.ts';
import type { Flow, FlowEnds } from '../udp/flow.ts';
import type { FlowSeries } from '../udp/flow-series.ts';
import type { Listener } from './listener.ts';

/** Where a program's datagrams go: decided once for each flow. Undefined: nowhere, and that is counted. */
export interface OutboundFlow {
  readonly series: FlowSeries;
  create(ends: FlowEnds): Flow;
  opened(): void;
  ended(properly: boolean): void;
}

export interface UdpRoute {
  /** For datagrams that belong to no flow. */
  readonly series: FlowSeries;
  /** `address`: where the program sends from. */
  decide(address: string): OutboundFlow | undefined;
}

interface OpenFlow {
  readonly flow: Flow;
  readonly decision: OutboundFlow;
  heard: number;
}

/** Takes datagrams of programs for one service; those of one port of a program are one flow to one server. */
export class UdpOutboundListener implements Listener<UdpRoute>, Tickable {
  readonly #ticker: Ticker;
  #route: UdpRoute;
  #socket: dgram.Socket | undefined;
  readonly #flows = new Map<string, OpenFlow>();
  #draining = false;

  constructor(ticker: Ticker, route: UdpRoute) {
    this.#ticker = ticker;
    this.#route = route;
  }

  get connections(): number {
    return this.#flows.size;
  }

  listen(address: string, port: number): Promise<void> {
    const socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
    this.#socket = socket;
    socket.on('message', (datagram, from) => this.#received(datagram, from));
    return new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address, port, exclusive: true }, () => {
        socket.off('error', reject);
        socket.on('error', () => {});
        this.#ticker.add(this);
        resolve();
      });
    });
  }

  /** Flows that are open stay with their server. */
  use(route: UdpRoute): void {
    this.#route = route;
  }

  /** Programs speak plain text. */
  useMaterial(): void {}

  tick(now: number): void {
    for (const [key, { flow, heard }] of this.#flows) {
      if (now - heard <= limits.udpIdleMillis) continue;
      flow.close();
      this.#ended(key, true);
    }
  }

  /** Datagrams have no end that we know: what is open goes on until the limit, or until it is idle. */
  drain(): void {
    this.#draining = true;
    if (this.#flows.size === 0) this.destroy();
  }

  destroy(): void {
    for (const [key, { flow }] of [...this.#flows]) {
      flow.close();
      this.#ended(key, true);
    }
    this.#ticker.remove(this);
    this.#socket?.close();
    this.#socket = undefined;
  }

  #received(datagram: Buffer, { address, port }: dgram.RemoteInfo): void {
    const key = `${address} ${port}`;
    const open = this.#flows.get(key) ?? this.#open(key, address, port);
    if (open === undefined) return;
    open.heard = this.#ticker.now;
    if (open.flow.send(datagram)) open.decision.series.toServer.value++;
    else open.decision.series.dropped('queue');
  }

  #open(key: string, address: string, port: number): OpenFlow | undefined {
    if (this.#draining || this.#flows.size >= limits.udpFlowsPerListener) {
      this.#route.series.dropped('flows');
      return undefined;
    }
    const decision = this.#route.decide(canonicalIp(address) ?? address);
    if (decision === undefined) {
      this.#route.series.dropped('unreachable');
      return undefined;
    }
    const flow = decision.create({
      opened: () => decision.opened(),
      datagram: (payload) => {
        open.heard = this.#ticker.now;
        decision.series.toClient.value++;
        this.#socket?.send(Buffer.from(payload), port, address);
      },
      ended: (properly) => this.#ended(key, properly),
    });
    const open: OpenFlow = { flow, decision, heard: this.#ticker.now };
    this.#flows.set(key, open);
    flow.begin();
    return open;
  }

  #ended(key: string, properly: boolean): void {
    const open = this.#flows.get(key);
    if (open === undefined) return;
    this.#flows.delete(key);
    open.decision.ended(properly);
  }
}
