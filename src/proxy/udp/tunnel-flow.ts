import type { ResponseMessage } from '../http/message.ts';
import { limits } from '../limits.ts';
import type { ResponseConsumer, UpstreamStream } from '../upstream/consumer.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';
import { CapsuleReader, datagramCapsule } from './capsules.ts';
import { connectUdp } from './connect-udp.ts';
import type { Flow, FlowEnds } from './flow.ts';

/** A flow to a program behind another proxy, within the mutual TLS of a shared HTTP/2 connection. */
export class TunnelFlow implements Flow, ResponseConsumer {
  readonly method = 'CONNECT';
  readonly upgrading = false;
  readonly expiresAt = 0;
  readonly #pool: EndpointPool;
  readonly #ends: FlowEnds;
  readonly #reader: CapsuleReader;
  #stream: UpstreamStream | undefined;
  #waiting = true;
  /** Datagrams that came before the server's proxy agreed; undefined since then. */
  #early: Buffer[] | undefined = [];
  #blocked = false;
  #over = false;

  constructor(pool: EndpointPool, ends: FlowEnds) {
    this.#pool = pool;
    this.#ends = ends;
    this.#reader = new CapsuleReader((payload) => ends.datagram(payload));
  }

  begin(): void {
    this.#pool.acquire(this, false);
  }

  send(datagram: Buffer): boolean {
    if (this.#early !== undefined) {
      if (this.#early.length >= limits.udpEarlyDatagrams) return false;
      this.#early.push(Buffer.from(datagram));
      return true;
    }
    if (this.#blocked || this.#stream === undefined) return false;
    this.#blocked = !this.#stream.sendBody(datagramCapsule(datagram));
    return true;
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#stream !== undefined) this.#stream.abandon();
    else if (this.#waiting) this.#pool.cancel(this);
  }

  // --- from the server's proxy

  upstreamReady(stream: UpstreamStream): void {
    this.#waiting = false;
    this.#stream = stream;
    const { address, port } = this.#pool.target;
    stream.sendHead(connectUdp(address, port), undefined, false);
  }

  upstreamFailed(): void {
    this.#waiting = false;
    this.#end(false);
  }

  interim(): void {}

  wholeResponse({ status }: ResponseMessage): void {
    this.#end(status < 500);
  }

  responseHead({ status }: ResponseMessage): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    if (status >= 300) {
      this.#stream?.abandon();
      this.#end(status < 500);
      return;
    }
    this.#ends.opened();
    for (const datagram of early) this.send(datagram);
  }

  responseBody(content: Buffer): boolean {
    this.#reader.read(content);
    if (this.#reader.failed) {
      this.#stream?.abandon();
      this.#end(false);
    }
    return true;
  }

  responseEnd(): void {
    this.#end(true);
  }

  responseBroken(): void {
    this.#end(false);
  }

  requestDrained(): void {
    this.#blocked = false;
  }

  /** `properly`: the server's proxy said so, and nothing is wrong with it. */
  #end(properly: boolean): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream = undefined;
    this.#ends.ended(properly);
  }
}
