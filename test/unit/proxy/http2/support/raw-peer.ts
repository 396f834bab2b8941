import { once } from 'node:events';
import net from 'node:net';
import type { SessionContext } from '../../../../../src/proxy/http2/connection.ts';
import { preface } from '../../../../../src/proxy/http2/frames.ts';
import { HpackDecoder } from '../../../../../src/proxy/http2/hpack/decoder.ts';
import type { Tickable } from '../../../../../src/proxy/ticker.ts';
import { ownAddress, until } from '../../support/mesh.ts';

/** Time that only tests move. */
export class ManualTicker implements Pick<SessionContext['ticker'], 'now' | 'add' | 'remove'> {
  now = 1_000;
  readonly members = new Set<Tickable>();

  add(member: Tickable): void {
    this.members.add(member);
  }

  remove(member: Tickable): void {
    this.members.delete(member);
  }

  advance(milliseconds: number): void {
    this.now += milliseconds;
    for (const member of [...this.members]) member.tick(this.now);
  }

  stop(): void {
    this.members.clear();
  }
}

export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const content = Buffer.from(payload);
  const header = Buffer.alloc(9);
  header.writeUIntBE(content.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, content]);
}

export function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export type Lines = readonly (readonly [name: string, value: string])[];

/** A header block of literals without indexing. */
export function block(lines: Lines): Buffer {
  const text = (value: string) => {
    const { length } = value;
    const prefix = length < 127 ? [length] : [127, ((length - 127) & 127) | 128, (length - 127) >> 7];
    return Buffer.concat([Buffer.from(prefix), Buffer.from(value, 'latin1')]);
  };
  return Buffer.concat(lines.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

export const get: Lines = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a.test'],
];
export const post: Lines = [[':method', 'POST'], ...get.slice(1)];
export const settings = frame(4, 0, 0);

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** The other end of a connection, which sends what it is told and shows what comes. */
export class RawPeer {
  readonly frames: Frame[] = [];
  closed = false;
  readonly socket: net.Socket;
  readonly #decoder = new HpackDecoder({ tableBytes: 4_096, listBytes: 1 << 20, lines: 1_000 });
  readonly #lists = new Map<Frame, Record<string, string>>();
  #bytes = Buffer.alloc(0);

  constructor(socket: net.Socket, skip = 0) {
    this.socket = socket;
    let skipped = skip;
    socket.on('data', (bytes) => {
      const dropped = Math.min(skipped, bytes.length);
      skipped -= dropped;
      this.#bytes = Buffer.concat([this.#bytes, bytes.subarray(dropped)]);
      this.#parse();
    });
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => {
      this.closed = true;
    });
  }

  send(...pieces: Buffer[]): void {
    this.socket.write(Buffer.concat(pieces));
  }

  /** The first frame of a type, on a stream unless that is left out. */
  find(type: number, streamId?: number): Frame | undefined {
    return this.frames.find((one) => one.type === type && (streamId === undefined || one.streamId === streamId));
  }

  async next(type: number, streamId?: number): Promise<Frame> {
    await until(() => this.find(type, streamId) !== undefined || this.closed, `frame ${type} on ${streamId}`);
    const found = this.find(type, streamId);
    if (found === undefined) throw new Error(`closed without frame ${type} on ${streamId}`);
    return found;
  }

  /** The fields of the first header block on a stream. */
  async head(streamId: number): Promise<Record<string, string>> {
    return this.#lists.get(await this.next(1, streamId))!;
  }

  /** The error code of a RST_STREAM. */
  async resetCode(streamId: number): Promise<number> {
    return (await this.next(3, streamId)).payload.readUInt32BE();
  }

  /** The error code of a GOAWAY, once the connection has ended. */
  async goneAway(): Promise<number> {
    const { payload } = await this.next(7);
    await until(() => this.closed, 'the end of the connection');
    return payload.readUInt32BE(4);
  }

  /** Waits until everything that was sent so far has been dealt with. */
  async settle(): Promise<void> {
    const before = this.frames.filter(({ type, flags }) => type === 6 && (flags & 1) !== 0).length;
    this.send(frame(6, 0, 0, Buffer.from('01234567')));
    const pongs = () => this.frames.filter(({ type, flags }) => type === 6 && (flags & 1) !== 0).length;
    await until(() => this.closed || pongs() > before, 'a PING that is answered');
  }

  #parse(): void {
    while (this.#bytes.length >= 9) {
      const end = 9 + this.#bytes.readUIntBE(0, 3);
      if (this.#bytes.length < end) return;
      const one: Frame = {
        type: this.#bytes[3]!,
        flags: this.#bytes[4]!,
        streamId: this.#bytes.readUInt32BE(5),
        payload: Buffer.from(this.#bytes.subarray(9, end)),
      };
      this.#bytes = this.#bytes.subarray(end);
      this.frames.push(one);
      if (one.type !== 1) continue;
      const list = this.#decoder.decode(one.payload, 0, one.payload.length, false);
      this.#lists.set(one, Object.fromEntries(list?.lines.map(({ name, value }) => [name, value]) ?? []));
    }
  }
}

/** A client that has sent its preface, settings, and unless told otherwise the acknowledgement of the server's. */
export async function rawClient(
  address: string,
  port: number,
  first: Buffer = settings,
  acknowledges = true,
): Promise<RawPeer> {
  const socket = net.connect({ host: address, port, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  const peer = new RawPeer(socket);
  peer.send(Buffer.from(preface, 'latin1'), first, acknowledges ? frame(4, 1, 0) : Buffer.alloc(0));
  return peer;
}

/** A server that takes one connection. */
export async function rawServer(): Promise<{ address: string; port: number; peer: Promise<RawPeer>; close(): void }> {
  const address = ownAddress();
  const server = net.createServer({ noDelay: true, allowHalfOpen: true });
  server.listen(0, address);
  await once(server, 'listening');
  const peer = once(server, 'connection').then(([socket]) => new RawPeer(socket as net.Socket, preface.length));
  const { port } = server.address() as net.AddressInfo;
  return { address, port, peer, close: () => server.close() };
}
