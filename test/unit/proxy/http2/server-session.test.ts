import { afterEach, describe, expect, it } from 'vitest';
import * as codes from '../../../../src/proxy/http2/error-codes.ts';
import type { ServerStream } from '../../../../src/proxy/http2/server-stream.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { until } from '../support/mesh.ts';
import {
  block,
  frame,
  get,
  type Lines,
  ManualTicker,
  number,
  post,
  type RawPeer,
  rawClient,
  settings,
} from './support/raw-peer.ts';
import { echo, type Handler, type RunningServer, serve } from './support/sessions.ts';

const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const endStream = 1;
const endHeaders = 4;
const whole = endStream | endHeaders;

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function start(
  handler: Handler = echo,
  options: { ticker?: ManualTicker; extendedConnect?: boolean; first?: Buffer } = {},
): Promise<{ server: RunningServer; peer: RawPeer }> {
  const server = await serve(handler, options.ticker, options.extendedConnect);
  cleanups.push(server.close);
  const peer = await rawClient(server.address, server.port, options.first);
  cleanups.push(() => peer.socket.destroy());
  return { server, peer };
}

const headers = (id: number, lines: Lines, flags = whole) => frame(HEADERS, flags, id, block(lines));
const setting = (id: number, value: number) => Buffer.concat([Buffer.from([0, id]), number(value)]);
const pseudo = (name: string, value?: string): Lines =>
  value === undefined
    ? get.filter((line) => line[0] !== name)
    : get.map((line) => (line[0] === name ? [name, value] : line));

/** A server that keeps its streams until the test answers them, and takes no content before. */
function holding(): { handler: Handler; streams: ServerStream[]; received: () => number } {
  const streams: ServerStream[] = [];
  let received = 0;
  const handler: Handler = (stream) => {
    streams.push(stream);
    return {
      data: (_, from, to) => {
        received += to - from;
        return false;
      },
      end: () => {},
      reset: () => {},
      drained: () => {},
    };
  };
  return { handler, streams, received: () => received };
}

describe('a request that is malformed is reset, and the connection goes on:', () => {
  it.each<[string, Lines]>([
    ['an upper-case name', [...get, ['X-A', 'b']]],
    ['an empty name', [...get, ['', 'b']]],
    ['a space in a name', [...get, ['x a', 'b']]],
    ['a colon in a name', [...get, ['x:a', 'b']]],
    ['CR LF in a value', [...get, ['x-a', 'b\r\nx: y']]],
    ['NUL in a value', [...get, ['x-a', 'b\0']]],
    ['a space before a value', [...get, ['x-a', ' b']]],
    ['a tab behind a value', [...get, ['x-a', 'b\t']]],
    ['Connection', [...get, ['connection', 'close']]],
    ['Keep-Alive', [...get, ['keep-alive', '1']]],
    ['Proxy-Connection', [...get, ['proxy-connection', 'close']]],
    ['Transfer-Encoding', [...get, ['transfer-encoding', 'chunked']]],
    ['Upgrade', [...get, ['upgrade', 'websocket']]],
    ['TE other than trailers', [...get, ['te', 'gzip']]],
    ['no method', pseudo(':method')],
    ['no scheme', pseudo(':scheme')],
    ['no path', pseudo(':path')],
    ['an empty path', pseudo(':path', '')],
    ['a path without slash', pseudo(':path', 'a')],
    ['a space in the path', pseudo(':path', '/a b')],
    ['CR LF in the path', pseudo(':path', '/\r\nx: y')],
    ['an asterisk for GET', pseudo(':path', '*')],
    ['a method with a space', pseudo(':method', 'GET /')],
    ['an authority with user information', pseudo(':authority', 'b@a.test')],
    ['an authority with a slash', pseudo(':authority', 'a.test/')],
    ['a repeated pseudo-header', [...get, [':path', '/']]],
    ['a pseudo-header behind a field', [...get.slice(1), ['x-a', 'b'], [':method', 'GET']]],
    ['an unknown pseudo-header', [...get, [':x', 'y']]],
    ['a status', [...get, [':status', '200']]],
    ['another host than the authority', [...get, ['host', 'b.test']]],
    ['two hosts', [...pseudo(':authority'), ['host', 'a.test'], ['host', 'a.test']]],
    ['content that is announced and cannot come', [...get, ['content-length', '1']]],
    ['two lengths', [...get, ['content-length', '0'], ['content-length', '0']]],
    ['a signed length', [...get, ['content-length', '+0']]],
    ['CONNECT with a path', pseudo(':method', 'CONNECT')],
    ['CONNECT without authority', [[':method', 'CONNECT']]],
    ['extended CONNECT that is not offered', [...pseudo(':method', 'CONNECT'), [':protocol', 'websocket']]],
  ])('%s', async (_, lines) => {
    const { peer } = await start();
    peer.send(headers(1, lines), headers(3, get));
    expect(await peer.resetCode(1)).toBe(codes.PROTOCOL_ERROR);
    expect(await peer.head(3)).toMatchObject({ ':status': '200' });
  });

  it.each<[string, Buffer[]]>([
    ['more content than announced', [frame(DATA, 0, 1, 'abcd')]],
    ['less content than announced', [frame(DATA, endStream, 1, 'ab')]],
    ['trailers instead of content', [headers(1, [['x-a', 'b']])]],
    ['trailers that do not end the stream', [frame(DATA, 0, 1, 'abc'), headers(1, [['x-a', 'b']], endHeaders)]],
    ['trailers that authorise', [frame(DATA, 0, 1, 'abc'), headers(1, [['authorization', 'x']])]],
    ['trailers that frame', [frame(DATA, 0, 1, 'abc'), headers(1, [['content-length', '3']])]],
    ['a pseudo-header in trailers', [frame(DATA, 0, 1, 'abc'), headers(1, [[':path', '/']])]],
  ])('%s', async (_, frames) => {
    const { peer } = await start();
    peer.send(headers(1, [...post, ['content-length', '3']], endHeaders), ...frames, headers(3, get));
    expect(await peer.resetCode(1)).toBe(codes.PROTOCOL_ERROR);
    expect(await peer.head(3)).toMatchObject({ ':status': '200' });
  });
});

describe('a request that is well-formed is served:', () => {
  it.each<[string, Lines]>([
    ['with te: trailers', [...get, ['te', 'trailers']]],
    ['with a Host like the authority', [...get, ['host', 'A.test']]],
    ['with a Host alone', [...pseudo(':authority'), ['host', 'a.test']]],
    [
      'OPTIONS of the server',
      [
        [':method', 'OPTIONS'],
        [':scheme', 'http'],
        [':path', '*'],
        [':authority', 'a.test'],
      ],
    ],
    ['with octets beyond ASCII in a value', [...get, ['x-a', 'b\xe9']]],
    [
      'CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'a.test:1'],
      ],
    ],
  ])('%s', async (_, lines) => {
    const { peer } = await start();
    peer.send(headers(1, lines));
    expect(await peer.head(1)).toMatchObject({ ':status': '200' });
  });

  it('extended CONNECT where it is offered, as a tunnel whose ends are independent', async () => {
    const { peer } = await start(echo, { extendedConnect: true });
    peer.send(headers(1, [...pseudo(':method', 'CONNECT'), [':protocol', 'websocket']], endHeaders));
    expect(await peer.head(1)).toMatchObject({ ':status': '200' });
    peer.send(frame(DATA, 0, 1, 'ping'));
    expect((await peer.next(DATA, 1)).payload.toString()).toBe('ping');
    peer.send(frame(DATA, endStream, 1));
    await until(() => peer.frames.some(({ type, flags }) => type === DATA && flags === endStream), 'the other end');
    expect(peer.find(RST_STREAM)).toBeUndefined();
  });

  it('cookies that were split are one', async () => {
    const cookies: (string | undefined)[] = [];
    const { peer } = await start((stream, head) => {
      head.each((name, value) => cookies.push(`${name}=${value}`));
      cookies.push(head.lookup('cookie'));
      return echo(stream, head);
    });
    peer.send(headers(1, [...get, ['cookie', 'a=1'], ['x', 'y'], ['cookie', 'b=2']]));
    await peer.head(1);
    expect(cookies).toEqual(['cookie=a=1; b=2', 'x=y', 'a=1; b=2']);
  });

  it('with padding and priority', async () => {
    const { peer } = await start();
    const padded = Buffer.concat([Buffer.from([3]), number(0), Buffer.from([15]), block(post), Buffer.alloc(3)]);
    peer.send(frame(PRIORITY, 0, 7, Buffer.concat([number(0), Buffer.from([1])])));
    peer.send(frame(HEADERS, endHeaders | 8 | 32, 1, padded), frame(DATA, endStream | 8, 1, '\x02ab\0\0'));
    expect((await peer.next(DATA, 1)).payload.toString()).toBe('ab');
  });

  it('in continuations', async () => {
    const { peer } = await start();
    const all = block(get);
    peer.send(frame(HEADERS, endStream, 1, all.subarray(0, 5)), frame(CONTINUATION, 0, 1, all.subarray(5, 6)));
    peer.send(frame(CONTINUATION, endHeaders, 1, all.subarray(6)));
    expect(await peer.head(1)).toMatchObject({ ':status': '200' });
  });
});

describe('bounds that are answered on the stream', () => {
  it.each<[string, Lines, string]>([
    [
      'a head beyond its size',
      [...get, ...Array.from({ length: 40 }, (_, i): [string, string] => [`x-${i}`, 'a'.repeat(1_000)])],
      '431',
    ],
    ['a head of too many lines', [...get, ...Array.from({ length: 200 }, (): [string, string] => ['x', 'y'])], '431'],
    ['a path that is too long', pseudo(':path', `/${'a'.repeat(9_000)}`), '414'],
  ])('%s', async (_, lines, status) => {
    const { peer } = await start();
    const all = block(lines);
    peer.send(frame(HEADERS, 0, 1, all.subarray(0, 16_000)));
    for (let at = 16_000; at < all.length; at += 16_000)
      peer.send(frame(CONTINUATION, 0, 1, all.subarray(at, at + 16_000)));
    peer.send(frame(CONTINUATION, endHeaders, 1), headers(3, get));
    expect(await peer.head(1)).toEqual({ ':status': status, 'content-length': '0' });
    expect(await peer.resetCode(1)).toBe(codes.NO_ERROR);
    expect(await peer.head(3)).toMatchObject({ ':status': '200' });
  });

  it('streams beyond the number that was announced are refused', async () => {
    const { handler, streams } = holding();
    const { server, peer } = await start(handler);
    const last = 2 * limits.http2Streams + 1;
    for (let id = 1; id <= last; id += 2) peer.send(headers(id, get));
    expect(await peer.resetCode(last)).toBe(codes.REFUSED_STREAM);
    expect([streams.length, server.sessions[0]!.openStreams]).toEqual([limits.http2Streams, limits.http2Streams]);
  });
});

describe('an error of the connection ends it:', () => {
  const opened = headers(1, post, endHeaders);

  it.each<[string, number, Buffer[]]>([
    ['a frame beyond its size', codes.FRAME_SIZE_ERROR, [frame(DATA, 0, 1, Buffer.alloc(16_385))]],
    ['DATA without stream', codes.PROTOCOL_ERROR, [frame(DATA, 0, 0, 'a')]],
    ['DATA on an idle stream', codes.PROTOCOL_ERROR, [frame(DATA, 0, 1, 'a')]],
    ['padding beyond the frame', codes.PROTOCOL_ERROR, [opened, frame(DATA, 8, 1, '\x02a')]],
    ['padding without its length', codes.PROTOCOL_ERROR, [opened, frame(DATA, 8, 1)]],
    ['HEADERS with padding beyond the frame', codes.PROTOCOL_ERROR, [frame(HEADERS, whole | 8, 1, '\xff')]],
    ['HEADERS without their priority', codes.PROTOCOL_ERROR, [frame(HEADERS, whole | 32, 1, 'abc')]],
    ['HEADERS without stream', codes.PROTOCOL_ERROR, [headers(0, get)]],
    ['HEADERS on a stream of the server', codes.PROTOCOL_ERROR, [headers(2, get)]],
    ['HEADERS on a stream that was passed over', codes.STREAM_CLOSED, [headers(5, get), headers(3, get)]],
    ['HEADERS that cannot be decoded', codes.COMPRESSION_ERROR, [frame(HEADERS, whole, 1, '\x80')]],
    [
      'another frame amid a header block',
      codes.PROTOCOL_ERROR,
      [headers(1, get, endStream), frame(PING, 0, 0, '12345678')],
    ],
    ['an unknown frame amid a header block', codes.PROTOCOL_ERROR, [headers(1, get, endStream), frame(99, 0, 0)]],
    ['CONTINUATION of another stream', codes.PROTOCOL_ERROR, [headers(1, get, endStream), frame(CONTINUATION, 4, 3)]],
    ['CONTINUATION of nothing', codes.PROTOCOL_ERROR, [opened, frame(CONTINUATION, 4, 1)]],
    ['PRIORITY without stream', codes.PROTOCOL_ERROR, [frame(PRIORITY, 0, 0, '12345')]],
    ['RST_STREAM on an idle stream', codes.PROTOCOL_ERROR, [frame(RST_STREAM, 0, 1, number(8))]],
    ['RST_STREAM of another size', codes.FRAME_SIZE_ERROR, [opened, frame(RST_STREAM, 0, 1, 'abc')]],
    ['SETTINGS on a stream', codes.PROTOCOL_ERROR, [frame(SETTINGS, 0, 1)]],
    ['SETTINGS of another size', codes.FRAME_SIZE_ERROR, [frame(SETTINGS, 0, 0, 'abc')]],
    ['an acknowledgement with content', codes.FRAME_SIZE_ERROR, [frame(SETTINGS, 1, 0, setting(1, 0))]],
    ['ENABLE_PUSH 2', codes.PROTOCOL_ERROR, [frame(SETTINGS, 0, 0, setting(2, 2))]],
    ['a window beyond its size', codes.FLOW_CONTROL_ERROR, [frame(SETTINGS, 0, 0, setting(4, 0x8000_0000))]],
    ['frames below the least size', codes.PROTOCOL_ERROR, [frame(SETTINGS, 0, 0, setting(5, 16_383))]],
    ['PUSH_PROMISE', codes.PROTOCOL_ERROR, [opened, frame(PUSH_PROMISE, 4, 1, number(2))]],
    ['PING on a stream', codes.PROTOCOL_ERROR, [frame(PING, 0, 1, '12345678')]],
    ['PING of another size', codes.FRAME_SIZE_ERROR, [frame(PING, 0, 0, '1234567')]],
    ['GOAWAY on a stream', codes.PROTOCOL_ERROR, [frame(GOAWAY, 0, 1, '12345678')]],
    ['GOAWAY of another size', codes.FRAME_SIZE_ERROR, [frame(GOAWAY, 0, 0, '1234567')]],
    ['WINDOW_UPDATE on an idle stream', codes.PROTOCOL_ERROR, [frame(WINDOW_UPDATE, 0, 1, number(1))]],
    ['WINDOW_UPDATE of nothing', codes.PROTOCOL_ERROR, [frame(WINDOW_UPDATE, 0, 0, number(0))]],
    ['WINDOW_UPDATE beyond the window', codes.FLOW_CONTROL_ERROR, [frame(WINDOW_UPDATE, 0, 0, number(0x7fff_ffff))]],
    ['WINDOW_UPDATE of another size', codes.FRAME_SIZE_ERROR, [frame(WINDOW_UPDATE, 0, 0, 'abc')]],
  ])('%s', async (_, code, frames) => {
    const { server, peer } = await start(holding().handler);
    peer.send(...frames);
    expect(await peer.goneAway()).toBe(code);
    await until(() => server.ended.length === 1, 'the end of the session');
    expect(server.sessions[0]!.openStreams).toBe(0);
  });

  it.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\nHost: a.test\r\n\r\n')],
    ['HTTP/2 without the end of its preface', Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\rX')],
  ])('%s', async (_, bytes) => {
    const server = await serve(echo);
    cleanups.push(server.close);
    const peer = await rawClient(server.address, server.port, bytes);
    peer.socket.destroy();
    await until(() => server.ended.length === 1, 'the end of the session');
  });

  it('a first frame other than SETTINGS', async () => {
    const { peer } = await start(echo, { first: headers(1, get) });
    expect(await peer.goneAway()).toBe(codes.PROTOCOL_ERROR);
  });
});

describe('an error of a stream ends only that:', () => {
  it.each<[string, number, Buffer]>([
    ['WINDOW_UPDATE of nothing', codes.PROTOCOL_ERROR, frame(WINDOW_UPDATE, 0, 1, number(0))],
    ['WINDOW_UPDATE beyond the window', codes.FLOW_CONTROL_ERROR, frame(WINDOW_UPDATE, 0, 1, number(0x7fff_ffff))],
    ['PRIORITY of another size', codes.FRAME_SIZE_ERROR, frame(PRIORITY, 0, 1, '1234')],
    [
      'PRIORITY that depends on itself',
      codes.PROTOCOL_ERROR,
      frame(PRIORITY, 0, 1, Buffer.concat([number(1), Buffer.from([1])])),
    ],
  ])('%s', async (_, code, bytes) => {
    const { peer } = await start();
    peer.send(headers(1, post, endHeaders), bytes, headers(3, get));
    expect(await peer.resetCode(1)).toBe(code);
    expect(await peer.head(3)).toMatchObject({ ':status': '200' });
  });

  it.each<[string, Buffer]>([
    ['DATA behind the end', frame(DATA, 0, 1, 'a')],
    ['HEADERS behind the end', headers(1, [['x', 'y']])],
  ])('%s', async (_, bytes) => {
    const { peer } = await start(holding().handler);
    peer.send(headers(1, get), bytes);
    expect(await peer.resetCode(1)).toBe(codes.STREAM_CLOSED);
  });

  it('what a client sent before it knew of a reset is no error, and leaves the tables in step', async () => {
    const { handler, streams } = holding();
    const { peer } = await start(handler);
    peer.send(headers(1, post, endHeaders));
    await until(() => streams.length === 1, 'the request');
    streams[0]!.reset(codes.CANCEL);
    expect(await peer.resetCode(1)).toBe(codes.CANCEL);
    const trailer = Buffer.from('4001610162', 'hex');
    peer.send(frame(DATA, 0, 1, 'a'), frame(HEADERS, whole, 1, trailer));
    peer.send(frame(HEADERS, whole, 3, Buffer.concat([block(get), Buffer.from([0xbe])])));
    await until(() => streams.length === 2, 'the next request');
    expect(peer.frames.filter(({ type }) => type === RST_STREAM || type === GOAWAY)).toHaveLength(1);
  });
});

describe('flow control', () => {
  it('gives windows back only as content is taken', async () => {
    const { handler, streams, received } = holding();
    const { peer } = await start(handler);
    peer.send(headers(1, post, endHeaders));
    const pieces = limits.http2StreamWindowBytes / 16_384;
    for (let i = 0; i < pieces; i++) peer.send(frame(DATA, 0, 1, Buffer.alloc(16_384)));
    await peer.settle();
    // The first piece was handed over and held: the others wait, and no window was given back.
    expect(received()).toBe(16_384);
    expect(peer.find(WINDOW_UPDATE, 1)).toBeUndefined();
    for (let taken = 1; taken < pieces; taken++) streams[0]!.resume();
    expect(received()).toBe(limits.http2StreamWindowBytes);
    expect((await peer.next(WINDOW_UPDATE, 1)).payload.readUInt32BE()).toBe(limits.http2StreamWindowBytes / 2);
  });

  it('ends a stream that exceeds its window, and a connection that exceeds its own', async () => {
    const { peer } = await start(holding().handler);
    const frames = limits.http2StreamWindowBytes / 16_384;
    peer.send(headers(1, post, endHeaders));
    for (let i = 0; i < frames; i++) peer.send(frame(DATA, 0, 1, Buffer.alloc(16_384)));
    peer.send(frame(DATA, 0, 1, 'a'));
    expect(await peer.resetCode(1)).toBe(codes.FLOW_CONTROL_ERROR);
    const streams = limits.http2ConnectionWindowBytes / limits.http2StreamWindowBytes;
    for (let id = 3; id <= 2 * streams + 3; id += 2) {
      peer.send(headers(id, post, endHeaders));
      for (let i = 0; i < frames; i++) peer.send(frame(DATA, 0, id, Buffer.alloc(16_384)));
    }
    expect(await peer.goneAway()).toBe(codes.FLOW_CONTROL_ERROR);
  });

  it('gives the window of the connection back for what nobody will take', async () => {
    const { handler, streams } = holding();
    const { peer } = await start(handler);
    const frames = limits.http2StreamWindowBytes / 16_384;
    const all = (limits.http2ConnectionWindowBytes / limits.http2StreamWindowBytes) * 2;
    for (let i = 0; i < all; i++) {
      const id = 2 * i + 1;
      peer.send(headers(id, post, endHeaders));
      for (let n = 0; n < frames; n++) peer.send(frame(DATA, 0, id, Buffer.alloc(16_384)));
      await until(() => streams.length === i + 1, 'the request');
      await peer.settle();
      if (i % 2 === 0) streams[i]!.reset(codes.CANCEL);
      else peer.send(frame(RST_STREAM, 0, id, number(codes.CANCEL)));
    }
    await peer.settle();
    expect(peer.find(GOAWAY)).toBeUndefined();
  });

  it('sends no more than the windows of the peer', async () => {
    const body = Buffer.alloc(100_000, 'x');
    const { peer } = await start(
      (stream) => {
        stream.head(
          {
            status: 200,
            fields: { lookup: () => undefined, lookupMesh: () => undefined, each: () => {} },
            contentLength: body.length,
          },
          undefined,
        );
        expect(stream.data(body, 0, body.length)).toBe(false);
        stream.end(undefined);
        return { data: () => true, end: () => {}, reset: () => {}, drained: () => {} };
      },
      { first: frame(SETTINGS, 0, 0, setting(4, 10)) },
    );
    const octets = () => peer.frames.reduce((sum, { type, payload }) => sum + (type === DATA ? payload.length : 0), 0);
    peer.send(headers(1, get));
    await until(() => octets() === 10, 'the first window');
    peer.send(frame(WINDOW_UPDATE, 0, 1, number(5)));
    await until(() => octets() === 15, 'the second window');
    peer.send(frame(SETTINGS, 0, 0, setting(4, 0)), frame(WINDOW_UPDATE, 0, 1, number(9)));
    await peer.settle();
    expect(octets()).toBe(15);
    peer.send(frame(WINDOW_UPDATE, 0, 1, number(2)));
    await until(() => octets() === 16, 'what is left of a window that had become negative');
    peer.send(frame(SETTINGS, 0, 0, setting(4, 1_000_000)));
    await until(() => octets() === 65_535, 'the window of the connection');
    peer.send(frame(WINDOW_UPDATE, 0, 0, number(1_000_000)));
    await until(() => octets() === body.length, 'the rest');
    await until(() => peer.frames.at(-1)?.flags === endStream, 'the end');
  });

  it('hands the end over behind content that waited', async () => {
    const { handler, streams } = holding();
    const seen: string[] = [];
    const { peer } = await start((stream, head) => ({
      ...handler(stream, head),
      data: (bytes, from, to) => seen.push(bytes.toString('latin1', from, to)) !== 1,
      end: (trailers) => seen.push(`end ${trailers?.lookup('x')}`),
    }));
    peer.send(headers(1, post, endHeaders));
    peer.send(frame(DATA, 0, 1, 'a'), frame(DATA, 0, 1, 'b'), frame(DATA, 0, 1, 'c'), headers(1, [['x', 'y']]));
    await peer.settle();
    expect(seen).toEqual(['a']);
    streams[0]!.resume();
    expect(seen).toEqual(['a', 'bc', 'end y']);
  });
});

describe('floods end the connection:', () => {
  const repeated = (bytes: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => bytes));
  const many = limits.http2IdleFrames + 100;

  it.each<[string, Buffer]>([
    ['of PING', repeated(frame(PING, 0, 0, '12345678'), many)],
    ['of SETTINGS', repeated(settings, many)],
    ['of empty DATA', Buffer.concat([headers(1, post, endHeaders), repeated(frame(DATA, 0, 1), many)])],
    ['of padding', Buffer.concat([headers(1, post, endHeaders), repeated(frame(DATA, 8, 1, '\x01\0'), many)])],
    ['of PRIORITY', repeated(frame(PRIORITY, 0, 1, '12345'), many)],
    ['of WINDOW_UPDATE', repeated(frame(WINDOW_UPDATE, 0, 0, number(1)), many)],
    ['of unknown frames', repeated(frame(77, 0, 0), many)],
    ['of CONTINUATION', Buffer.concat([headers(1, get, endStream), repeated(frame(CONTINUATION, 0, 1), 100)])],
    [
      'of an endless header block',
      Buffer.concat([headers(1, get, 0), repeated(frame(CONTINUATION, 0, 1, block([['x', 'y'.repeat(9_000)]])), 10)]),
    ],
    [
      'of requests that are cancelled at once',
      Buffer.concat(
        Array.from({ length: limits.http2Resets + 100 }, (_, i) =>
          Buffer.concat([headers(2 * i + 1, get), frame(RST_STREAM, 0, 2 * i + 1, number(codes.CANCEL))]),
        ),
      ),
    ],
    [
      'of requests that make the server reset them',
      Buffer.concat(
        Array.from({ length: limits.http2Resets + 100 }, (_, i) =>
          Buffer.concat([headers(2 * i + 1, post, endHeaders), frame(WINDOW_UPDATE, 0, 2 * i + 1, number(0))]),
        ),
      ),
    ],
  ])('%s', async (_, bytes) => {
    const { server, peer } = await start(holding().handler);
    peer.send(bytes);
    expect(await peer.goneAway()).toBe(codes.ENHANCE_YOUR_CALM);
    await until(() => server.ended.length === 1, 'the end of the session');
  });

  it('but not of requests that are served', async () => {
    const { server, peer } = await start();
    for (let i = 0; i < 3_000; i++) {
      peer.send(headers(2 * i + 1, get), frame(WINDOW_UPDATE, 0, 0, number(1)), frame(PING, 0, 0, '12345678'));
      if (i % 100 === 0) await peer.settle();
    }
    await peer.settle();
    expect(peer.find(GOAWAY)).toBeUndefined();
    expect(server.sessions[0]!.openStreams).toBe(0);
  });
});

describe('time', () => {
  it('is limited for the acknowledgement of settings', async () => {
    const ticker = new ManualTicker();
    const { server, peer } = await start(echo, { ticker });
    await peer.settle();
    const silent = await rawClient(server.address, server.port, settings, false);
    await silent.settle();
    ticker.advance(limits.http2AnswerMillis + 1);
    expect(await silent.goneAway()).toBe(codes.SETTINGS_TIMEOUT);
    await peer.settle();
    expect(peer.find(GOAWAY)).toBeUndefined();
  });

  it('is limited for the rest of a header block', async () => {
    const ticker = new ManualTicker();
    const { handler, streams } = holding();
    const { peer } = await start(handler, { ticker });
    peer.send(headers(1, get), headers(3, get, endStream));
    await until(() => streams.length === 1, 'the first request');
    ticker.advance(limits.headerMillis + 1);
    expect(await peer.goneAway()).toBe(codes.ENHANCE_YOUR_CALM);
  });

  it('ends a connection without requests, not one with some', async () => {
    const ticker = new ManualTicker();
    const { handler, streams } = holding();
    const { peer } = await start(handler, { ticker });
    peer.send(headers(1, get));
    await until(() => streams.length === 1, 'the request');
    ticker.advance(limits.idleMillis + 1);
    await peer.settle();
    expect(peer.find(GOAWAY)).toBeUndefined();
    streams[0]!.reset(codes.CANCEL);
    ticker.advance(limits.idleMillis + 1);
    expect((await peer.next(GOAWAY)).payload.readUInt32BE(4)).toBe(codes.NO_ERROR);
  });
});

describe('draining', () => {
  it('serves what is under way and what was sent before the client knew, then ends', async () => {
    const { handler, streams } = holding();
    const { server, peer } = await start(handler);
    peer.send(headers(1, get));
    await until(() => streams.length === 1, 'the first request');
    server.sessions[0]!.drain();
    const ping = await peer.next(PING);
    expect((await peer.next(GOAWAY)).payload.readUInt32BE()).toBe(0x7fff_ffff);
    peer.send(headers(3, get), frame(PING, 1, 0, ping.payload), headers(5, get));
    expect(await peer.resetCode(5)).toBe(codes.REFUSED_STREAM);
    const last = peer.frames.filter(({ type }) => type === GOAWAY).at(-1);
    expect(last?.payload.readUInt32BE()).toBe(3);
    expect(streams).toHaveLength(2);
    for (const stream of streams) stream.reset(codes.CANCEL);
    expect(await peer.goneAway()).toBe(codes.NO_ERROR);
  });

  it('does not wait for a client that does not answer', async () => {
    const ticker = new ManualTicker();
    const { server, peer } = await start(echo, { ticker });
    await peer.settle();
    server.sessions[0]!.drain();
    ticker.advance(limits.http2AnswerMillis + 1);
    expect(await peer.goneAway()).toBe(codes.NO_ERROR);
  });
});
