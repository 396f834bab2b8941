import dgram from 'node:dgram';
import net from 'node:net';
import type { Flow, FlowEnds } from './flow.ts';

/** A flow of plain datagrams: to a program, or to a server without a sidecar. */
export class PlainFlow implements Flow {
  readonly #address: string;
  readonly #port: number;
  readonly #ends: FlowEnds;
  readonly #socket: dgram.Socket;
  #over = false;

  constructor(address: string, port: number, ends: FlowEnds) {
    this.#address = address;
    this.#port = port;
    this.#ends = ends;
    this.#socket = dgram.createSocket(net.isIPv6(address) ? 'udp6' : 'udp4');
    this.#socket.on('message', (payload) => ends.datagram(payload));
    // A refused datagram shows here; the next one may be taken.
    this.#socket.on('error', () => {});
  }

  begin(): void {
    this.#ends.opened();
  }

  send(datagram: Buffer): boolean {
    if (this.#over) return false;
    // The system takes or drops it; Node keeps it until then.
    this.#socket.send(Buffer.from(datagram), this.#port, this.#address);
    return true;
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#socket.close();
  }
}
