import { once } from 'node:events';
import net from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { preface } from '../../../../src/proxy/http2/frames.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { ownAddress, until } from '../support/mesh.ts';
import { block, frame, get, ManualTicker, number, post, settings } from './support/raw-peer.ts';
import { collector, connect, echo, type RunningServer, request, serve } from './support/sessions.ts';

/** Frames of which most are allowed somewhere. */
const ids = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 2, 0x7fff_ffff);
const flags = fc.constantFrom(0, 1, 4, 4, 5, 5, 8, 12, 13, 32, 37, 255);
const payloads = fc.oneof(
  fc.constantFrom(
    block(get),
    block(post),
    block([...post, ['content-length', '3']]),
    block([['x', 'y']]),
    block([[':status', '200']]),
    block([[':status', '103']]),
    Buffer.from('8286be', 'hex'),
    Buffer.from('4001610162', 'hex'),
    number(0),
    number(1),
    number(0x7fff_ffff),
    Buffer.from('12345678'),
    Buffer.from('\0\x04\0\0\0\x01', 'latin1'),
    Buffer.from('\0\x01\0\0\0\0', 'latin1'),
    Buffer.alloc(0),
    Buffer.alloc(3_000, 'x'),
  ),
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
);
const anyFrame = fc
  .tuple(fc.constantFrom(0, 0, 0, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 8, 9, 9, 42), flags, ids, payloads)
  .map(([type, bits, id, payload]) => frame(type, bits, id, payload));
/** Nearly always in order. */
const likelyFrame = fc.oneof(
  fc.tuple(fc.constantFrom(1, 3, 5, 7, 9), fc.constantFrom(4, 5)).map(([id, bits]) => frame(1, bits, id, block(post))),
  fc
    .tuple(fc.constantFrom(1, 3, 5, 7, 9), fc.constantFrom(0, 1), fc.nat(16_000))
    .map(([id, bits, size]) => frame(0, bits, id, Buffer.alloc(size))),
  fc.constantFrom(1, 3, 5).map((id) => frame(3, 0, id, number(8))),
  fc
    .tuple(fc.constantFrom(0, 1, 3, 5), fc.integer({ min: 1, max: 70_000 }))
    .map(([id, more]) => frame(8, 0, id, number(more))),
  fc.nat(100_000).map((window) => frame(4, 0, 0, Buffer.concat([Buffer.from([0, 4]), number(window)]))),
);
const bytes = fc.oneof(
  fc.array(anyFrame, { maxLength: 30 }).map((all) => Buffer.concat(all)),
  fc.array(likelyFrame, { maxLength: 60 }).map((all) => Buffer.concat(all)),
  fc.array(fc.oneof(likelyFrame, likelyFrame, anyFrame), { maxLength: 40 }).map((all) => Buffer.concat(all)),
  fc.uint8Array({ maxLength: 200 }).map((all) => Buffer.from(all)),
);
const cuts = fc.array(fc.nat(5_000), { maxLength: 6 });

function pieces(all: Buffer, places: readonly number[]): Buffer[] {
  const sorted = [...new Set(places.map((place) => place % (all.length + 1)))].sort((a, b) => a - b);
  return [0, ...sorted].map((start, index) => all.subarray(start, sorted[index] ?? all.length));
}

/** Writes pieces so that they arrive one by one, as far as a network ever promises that. */
async function write(socket: net.Socket, all: readonly Buffer[]): Promise<void> {
  for (const piece of all) {
    if (socket.destroyed || !socket.writable) return;
    await new Promise<void>((resolve) => socket.write(piece, () => setImmediate(resolve)));
  }
}

describe('whatever a client sends', () => {
  const ticker = new ManualTicker();
  let server: RunningServer;
  let begun = 0;
  let over = 0;

  beforeAll(async () => {
    server = await serve((stream, head) => {
      begun++;
      const sink = echo(stream, head);
      let ended = false;
      const end = () => {
        if (ended) throw new Error('a stream ended twice');
        ended = true;
        over++;
      };
      if (head.endStream) end();
      return {
        ...sink,
        data: (...piece) => {
          if (ended) throw new Error('content behind the end');
          return sink.data(...piece);
        },
        end: (trailers) => {
          end();
          sink.end(trailers);
        },
        // What the client cancels after its end is not counted twice.
        reset: () => {
          if (!ended) end();
        },
      };
    }, ticker);
  });
  afterAll(() => server.close());

  it('every stream ends once, and the next connection is served', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, cuts, fc.boolean(), async (all, places, ends) => {
        const before = server.sessions.length;
        const socket = net.connect({ host: server.address, port: server.port, noDelay: true });
        socket.on('error', () => {});
        socket.resume();
        await once(socket, 'connect');
        await write(socket, pieces(Buffer.concat([Buffer.from(preface), settings, frame(4, 1, 0), all]), places));
        await until(() => server.sessions.length > before, 'the session');
        const session = server.sessions[before]!;
        expect(session.openStreams).toBeLessThanOrEqual(limits.http2Streams);
        if (ends) socket.end();
        else socket.destroy();
        await until(() => server.ended.includes(session), 'the end of the session');
        expect([session.openStreams, over]).toEqual([0, begun]);
      }),
      { numRuns: 150 },
    );
    expect(begun).toBeGreaterThan(0);
    expect(ticker.members.size).toBe(0);
    const { session } = await connect(server.address, server.port);
    const { body } = await request(session, { method: 'POST', body: Buffer.from('still here') }).answer;
    expect(body.toString()).toBe('still here');
    session.destroy();
  }, 120_000);

  it('means the same in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(likelyFrame, { maxLength: 30 }), cuts, async (frames, places) => {
        const all = Buffer.concat([
          Buffer.from(preface),
          settings,
          frame(4, 1, 0),
          ...frames,
          frame(6, 0, 0, '12345678'),
        ]);
        const answers = [[all], pieces(all, places)].map((parts) => answerTo(server, parts));
        const [one, other] = await Promise.all(answers);
        expect(other).toEqual(one);
      }),
      { numRuns: 40 },
    );
  }, 120_000);
});

/** What the server sends for streams: which were answered or reset, and the octets of each; and how the connection ended. */
async function answerTo(server: RunningServer, parts: readonly Buffer[]): Promise<Record<string, unknown>> {
  const socket = net.connect({ host: server.address, port: server.port, noDelay: true });
  let all = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (more) => {
    all = Buffer.concat([all, more]);
  });
  await once(socket, 'connect');
  await write(socket, parts);
  const answered = () =>
    all.includes(Buffer.from('\0\0\x08\x06\x01\0\0\0\0', 'latin1')) || all.includes('\0\0\x08\x07');
  await until(() => answered() || socket.closed, 'an answer to the PING or the end');
  socket.destroy();
  const streams: Record<string, unknown> = {};
  for (let at = 0; at + 9 <= all.length; ) {
    const length = all.readUIntBE(at, 3);
    const [type, id] = [all[at + 3]!, all.readUInt32BE(at + 5)];
    if (type === 7) streams.goneAway = all.readUInt32BE(at + 13);
    if (type === 1) streams[`head ${id}`] = true;
    if (type === 3) streams[`reset ${id}`] = all.readUInt32BE(at + 9);
    at += 9 + length;
  }
  return streams;
}

describe('whatever a server sends', () => {
  it('every request ends once', async () => {
    const address = ownAddress();
    let next: { all: Buffer; places: readonly number[] } = { all: Buffer.alloc(0), places: [] };
    const server = net.createServer({ noDelay: true }, (socket) => {
      socket.on('error', () => {});
      socket.once('data', async () => {
        await write(socket, pieces(Buffer.concat([settings, frame(4, 1, 0), next.all]), next.places));
        socket.end();
      });
      socket.resume();
    });
    server.listen(0, address);
    await once(server, 'listening');
    const answersOf = [
      fc.constantFrom(1, 3, 5).map((id) => frame(1, 5, id, block([[':status', '200']]))),
      fc.constantFrom(1, 3, 5).map((id) => frame(1, 4, id, block([[':status', '200']]))),
      fc.constantFrom(1, 3, 5).map((id) => frame(0, 1, id, 'abc')),
    ];
    const answers = fc.array(fc.oneof(...answersOf, likelyFrame, anyFrame), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(answers, cuts, async (frames, places) => {
        next = { all: Buffer.concat(frames), places };
        const { session, ended } = await connect(address, (server.address() as net.AddressInfo).port);
        const ends = [0, 0, 0];
        const waits = ends.map((_, index) => {
          const { sink, answer } = collector();
          const count = () => {
            ends[index]!++;
          };
          answer.then(count);
          const list = {
            method: 'GET',
            target: '/',
            queryStart: 1,
            plainPath: true,
            host: 'a',
            upgrade: 0,
            contentLength: -1,
          };
          const fields = { lookup: () => undefined, lookupMesh: () => undefined, each: () => {} };
          const outgoing = { request: { ...list, fields }, path: '/', query: '', requestEdits: undefined };
          session.open(sink, outgoing).end(undefined);
          return answer;
        });
        await Promise.all(waits);
        await ended;
        expect([ends, session.openStreams]).toEqual([[1, 1, 1], 0]);
      }),
      { numRuns: 100 },
    );
    server.close();
  }, 120_000);
});
