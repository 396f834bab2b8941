import { afterEach, describe, expect, it } from 'vitest';
import { WEBSOCKET } from '../../../../src/proxy/codec/upgrade.ts';
import { HeaderEdits } from '../../../../src/proxy/http/header-edits.ts';
import type { ClientSession } from '../../../../src/proxy/http2/client-session.ts';
import * as codes from '../../../../src/proxy/http2/error-codes.ts';
import { HeaderList } from '../../../../src/proxy/http2/header-list.ts';
import { FieldLine } from '../../../../src/proxy/http2/hpack/field-line.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { until } from '../support/mesh.ts';
import {
  block,
  frame,
  type Lines,
  ManualTicker,
  number,
  type RawPeer,
  rawServer,
  settings,
} from './support/raw-peer.ts';
import { collector, connect, request } from './support/sessions.ts';

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const endStream = 1;
const endHeaders = 4;
const whole = endStream | endHeaders;

const cleanups: (() => unknown)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

async function start(
  options: { ticker?: ManualTicker; first?: Buffer } = {},
): Promise<{ session: ClientSession; peer: RawPeer; ended: Promise<void> }> {
  const server = await rawServer();
  const { session, ended } = await connect(server.address, server.port, options.ticker);
  const peer = await server.peer;
  cleanups.push(
    () => session.destroy(),
    () => peer.socket.destroy(),
    server.close,
  );
  peer.send(options.first ?? settings, frame(SETTINGS, 1, 0));
  return { session, peer, ended };
}

const headers = (id: number, lines: Lines, flags = whole) => frame(HEADERS, flags, id, block(lines));
const setting = (id: number, value: number) => Buffer.concat([Buffer.from([0, id]), number(value)]);
const ok: Lines = [[':status', '200']];

describe('an answer that is malformed is reset, and the connection goes on:', () => {
  it.each<[string, Buffer[]]>([
    ['no status', [headers(1, [['x', 'y']])]],
    ['two statuses', [headers(1, [...ok, ...ok])]],
    ['a status that is no number', [headers(1, [[':status', '2x0']])]],
    ['a status of four digits', [headers(1, [[':status', '0200']])]],
    ['101', [headers(1, [[':status', '101']], endHeaders)]],
    ['a path', [headers(1, [...ok, [':path', '/']])]],
    ['an upper-case name', [headers(1, [...ok, ['X', 'y']])]],
    ['Transfer-Encoding', [headers(1, [...ok, ['transfer-encoding', 'chunked']])]],
    ['an interim answer as the end', [headers(1, [[':status', '103']])]],
    ['content before a head', [frame(DATA, endStream, 1, 'a')]],
    ['content after an interim answer', [headers(1, [[':status', '103']], endHeaders), frame(DATA, endStream, 1, 'a')]],
    ['less content than announced', [headers(1, [...ok, ['content-length', '2']], endHeaders), frame(DATA, 1, 1, 'a')]],
    ['none of what was announced', [headers(1, [...ok, ['content-length', '2']])]],
    ['more content than announced', [headers(1, [...ok, ['content-length', '0']], endHeaders), frame(DATA, 0, 1, 'a')]],
    ['content of 204', [headers(1, [[':status', '204']], endHeaders), frame(DATA, 0, 1, 'a')]],
    ['a second head', [headers(1, ok, endHeaders), headers(1, ok)]],
    ['trailers that do not end', [headers(1, ok, endHeaders), headers(1, [['x', 'y']], endHeaders)]],
    ['too many interim answers', Array.from({ length: 17 }, () => headers(1, [[':status', '103']], endHeaders))],
    ['a head that is too large', [headers(1, [...ok, ...Array.from({ length: 200 }, () => ['x', 'y'] as const)])]],
  ])('%s', async (_, frames) => {
    const { session, peer } = await start();
    const first = request(session);
    const second = request(session);
    await peer.next(HEADERS, 3);
    peer.send(...frames, headers(3, ok));
    expect((await first.answer).reset).toEqual({ cause: 'malformed', code: codes.PROTOCOL_ERROR });
    expect(await peer.resetCode(1)).toBe(codes.PROTOCOL_ERROR);
    expect((await second.answer).status).toBe(200);
  });
});

describe('an answer that is well-formed is taken:', () => {
  it.each([
    ['of HEAD, which announces content', 'HEAD', '200'],
    ['of 304, which announces content', 'GET', '304'],
  ])('%s', async (_, method, status) => {
    const { session, peer } = await start();
    const { answer } = request(session, { method });
    await peer.next(HEADERS, 1);
    peer.send(
      headers(
        1,
        [
          [':status', status],
          ['content-length', '5'],
        ],
        endHeaders,
      ),
      frame(DATA, endStream, 1),
    );
    expect(await answer).toMatchObject({ status: Number(status), reset: undefined });
  });

  it('before the request is complete, which then is given up', async () => {
    const { session, peer } = await start();
    const { sink, answer } = collector();
    const { stream } = open(session, sink);
    stream.data(Buffer.from('a'), 0, 1);
    await peer.next(DATA, 1);
    peer.send(headers(1, ok));
    expect((await answer).status).toBe(200);
    expect(await peer.resetCode(1)).toBe(codes.CANCEL);
    expect(stream.data(Buffer.from('b'), 0, 1)).toBe(true);
    expect(session.openStreams).toBe(0);
  });

  it('although the server resets the stream behind it', async () => {
    const { session, peer } = await start();
    const { sink, answer } = collector();
    const { stream } = open(session, { ...sink, data: (...piece) => !sink.data(...piece) });
    await peer.next(HEADERS, 1);
    peer.send(headers(1, ok, endHeaders), frame(DATA, 0, 1, 'a'), frame(DATA, endStream, 1, 'b'));
    peer.send(frame(RST_STREAM, 0, 1, number(codes.NO_ERROR)));
    await peer.settle();
    stream.resume();
    stream.resume();
    expect(await answer).toMatchObject({ status: 200, body: Buffer.from('ab'), reset: undefined });
  });
});

/** A request without end, whose sink the test has. */
function open(
  session: ClientSession,
  sink: ReturnType<typeof collector>['sink'],
  list = requestList(),
  edits?: HeaderEdits,
) {
  return { stream: session.open(sink, { request: list, path: '/', query: '', requestEdits: edits }) };
}

function requestList(lines: Lines = []): HeaderList {
  const all: Lines = [[':method', 'POST'], [':scheme', 'https'], [':path', '/?a'], ...lines];
  return new HeaderList(
    all.map(([name, value]) => new FieldLine(name, value)),
    false,
    false,
  );
}

describe('a request that came in HTTP/2', () => {
  it('goes on as it is, but for what was meant for this hop', async () => {
    const { session, peer } = await start();
    const edits = new HeaderEdits();
    edits.set('x-smi-deadline-ms', '5');
    edits.remove('x-drop');
    edits.add('x-add', 'z');
    const lines: Lines = [
      ['host', 'a.test'],
      ['te', 'trailers'],
      ['x-smi-backend', 'forged'],
      ['x-drop', 'x'],
      ['content-length', '3'],
      ['x-keep', 'y'],
    ];
    open(session, collector().sink, requestList(lines), edits);
    expect(Object.entries(await peer.head(1))).toEqual([
      [':method', 'POST'],
      [':scheme', 'https'],
      [':path', '/?a'],
      [':authority', 'a.test'],
      ['te', 'trailers'],
      ['content-length', '3'],
      ['x-keep', 'y'],
      ['x-smi-deadline-ms', '5'],
      ['x-add', 'z'],
    ]);
  });

  it('shows what phases look at', () => {
    const list = requestList([
      ['x-smi-backend', 'v1'],
      ['x-forwarded-client-cert', 'a'],
      ['x-forwarded-client-cert', 'b'],
      ['content-length', '3'],
      ['x-a', '1'],
      ['x-a', '2'],
    ]);
    expect([list.lookup('x-a'), list.lookup('x-smi-backend'), list.lookup('x-forwarded-client-cert')]).toEqual([
      '1,2',
      undefined,
      undefined,
    ]);
    expect([
      list.lookupMesh('x-smi-backend'),
      list.lookupMesh('x-forwarded-client-cert'),
      list.lookupMesh('x-a'),
    ]).toEqual(['v1', 'a,b', undefined]);
    const seen: string[] = [];
    list.each((name, value) => seen.push(`${name}: ${value}`));
    expect(seen).toEqual(['x-a: 1', 'x-a: 2']);
    expect([list.contentLength, list.plainPath, list.queryStart]).toEqual([3, true, 1]);
    const connectList = new HeaderList(
      [new FieldLine(':method', 'CONNECT'), new FieldLine(':protocol', 'websocket')],
      false,
      false,
    );
    expect(connectList.upgrade).toBe(WEBSOCKET);
  });
});

describe('requests that the server has not looked at are told apart', () => {
  it('when it goes away', async () => {
    const { session, peer, ended } = await start();
    const answers = [request(session), request(session), request(session)].map(({ answer }) => answer);
    await peer.next(HEADERS, 5);
    peer.send(frame(GOAWAY, 0, 0, Buffer.concat([number(1), number(codes.NO_ERROR)])));
    expect((await answers[1]!).reset?.cause).toBe('refused');
    expect((await answers[2]!).reset?.cause).toBe('refused');
    expect(session.freeStreams).toBe(0);
    peer.send(headers(1, ok));
    expect((await answers[0]!).status).toBe(200);
    await ended;
  });

  it('when it refuses a stream', async () => {
    const { session, peer } = await start();
    const { answer } = request(session);
    await peer.next(HEADERS, 1);
    peer.send(frame(RST_STREAM, 0, 1, number(codes.REFUSED_STREAM)));
    expect((await answer).reset).toEqual({ cause: 'refused', code: codes.REFUSED_STREAM });
    expect(session.freeStreams).toBe(limits.http2Streams);
  });

  it('from those whose connection, idle before, ended without a byte', async () => {
    const { session, peer } = await start();
    const first = request(session);
    await peer.next(HEADERS, 1);
    peer.send(headers(1, ok));
    await first.answer;
    await peer.settle();
    const { answer } = request(session);
    await peer.next(HEADERS, 3);
    peer.socket.destroy();
    expect((await answer).reset?.cause).toBe('stale');
  });

  it('but not when the connection is lost', async () => {
    const { session, peer, ended } = await start();
    const { answer } = request(session);
    await peer.next(HEADERS, 1);
    peer.socket.destroy();
    expect((await answer).reset?.cause).toBe('lost');
    await ended;
  });
});

describe('an error of the connection ends it:', () => {
  it.each<[string, number, Buffer]>([
    ['PUSH_PROMISE', codes.PROTOCOL_ERROR, frame(PUSH_PROMISE, 4, 1, number(2))],
    ['ENABLE_PUSH of a server', codes.PROTOCOL_ERROR, frame(SETTINGS, 0, 0, setting(2, 1))],
    ['an answer to nothing', codes.PROTOCOL_ERROR, headers(3, ok)],
    ['a stream of the server', codes.PROTOCOL_ERROR, headers(2, ok)],
    ['DATA on a stream of the server', codes.PROTOCOL_ERROR, frame(DATA, 0, 2, 'a')],
    ['a window beyond its size', codes.FLOW_CONTROL_ERROR, frame(WINDOW_UPDATE, 0, 0, number(0x7fff_ffff))],
    ['another protocol', codes.FRAME_SIZE_ERROR, Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
  ])('%s', async (_, code, bytes) => {
    const { session, peer, ended } = await start();
    const { answer } = request(session);
    await peer.next(HEADERS, 1);
    peer.send(bytes);
    expect(await peer.goneAway()).toBe(code);
    expect((await answer).reset?.cause).toBe('lost');
    await ended;
  });
});

it('what a server sent before it knew of cancellations is no error, however many they were', async () => {
  const { session, peer } = await start();
  const last = 2 * limits.http2ResetStreamsRemembered + 99;
  for (let id = 1; id <= last; id += 2) request(session).stream.reset(codes.CANCEL);
  await peer.next(RST_STREAM, last);
  const { answer } = request(session);
  peer.send(headers(1, ok, endHeaders), frame(DATA, endStream, 1, 'a'));
  await peer.next(HEADERS, last + 2);
  peer.send(headers(last + 2, ok));
  expect((await answer).status).toBe(200);
});

describe('settings of the server', () => {
  it('limit streams and their windows', async () => {
    const { session, peer } = await start({
      first: frame(SETTINGS, 0, 0, Buffer.concat([setting(3, 2), setting(4, 3)])),
    });
    expect(session.freeStreams).toBe(100);
    await peer.next(SETTINGS, 0);
    await until(() => session.freeStreams === 2, 'the settings');
    request(session, { method: 'POST', body: Buffer.from('abcdef') });
    expect((await peer.next(DATA, 1)).payload.toString()).toBe('abc');
    expect(session.freeStreams).toBe(1);
  });

  it('tell whether extended CONNECT is offered', async () => {
    const { session } = await start({ first: frame(SETTINGS, 0, 0, setting(8, 1)) });
    await until(() => session.extendedConnect, 'the settings');
  });
});

describe('a server that is silent', () => {
  it('is asked once, then seldom while that is all that it answers', async () => {
    const ticker = new ManualTicker();
    const { session, peer } = await start({ ticker });
    request(session);
    await peer.next(HEADERS, 1);
    await peer.settle();
    const pings = () => peer.frames.filter(({ type, flags }) => type === PING && flags === 0);
    ticker.advance(limits.http2SilenceMillis + 1);
    await until(() => pings().length === 1, 'the first PING');
    peer.send(frame(PING, 1, 0, pings()[0]!.payload));
    await peer.settle();
    ticker.advance(limits.http2SilenceMillis + 1);
    await until(() => pings().length === 2, 'the second PING, as other frames came in between');
    peer.send(frame(WINDOW_UPDATE, 0, 0, number(1)), frame(PING, 1, 0, pings()[1]!.payload));
    await until(() => session.windows.sendLeft === 65_536, 'both frames');
    ticker.advance(limits.http2SilenceMillis + 1);
    ticker.advance(limits.http2QuietMillis - limits.http2SilenceMillis - 2);
    const { answer } = request(session);
    await peer.next(HEADERS, 3);
    expect(pings()).toHaveLength(2);
    ticker.advance(2);
    await until(() => pings().length === 3, 'the third PING');
    ticker.advance(limits.http2AnswerMillis + 1);
    expect((await answer).reset?.cause).toBe('lost');
  });

  it('is lost with all it had when it does not answer: nothing goes out once more to the same server', async () => {
    const ticker = new ManualTicker();
    const { session, peer } = await start({ ticker });
    const served = request(session);
    await peer.next(HEADERS, 1);
    peer.send(headers(1, ok));
    expect((await served.answer).status).toBe(200);
    const { answer } = request(session);
    await peer.next(HEADERS, 3);
    ticker.advance(limits.http2SilenceMillis + 1);
    await until(() => peer.frames.some(({ type, flags }) => type === PING && flags === 0), 'a PING');
    ticker.advance(limits.http2AnswerMillis + 1);
    expect((await answer).reset?.cause).toBe('lost');
  });

  it('is not asked while nothing is under way', async () => {
    const ticker = new ManualTicker();
    const { session, peer } = await start({ ticker });
    await peer.settle();
    ticker.advance(limits.http2SilenceMillis + 1);
    request(session);
    await peer.next(HEADERS, 1);
    expect(peer.frames.filter(({ type, flags }) => type === PING && flags === 0)).toHaveLength(0);
  });
});

describe('draining', () => {
  it('ends the connection behind the last answer', async () => {
    const { session, peer, ended } = await start();
    const { answer } = request(session);
    session.drain();
    expect(session.freeStreams).toBe(0);
    await peer.next(HEADERS, 1);
    expect(peer.find(GOAWAY)).toBeUndefined();
    peer.send(headers(1, ok));
    expect((await answer).status).toBe(200);
    expect(await peer.goneAway()).toBe(codes.NO_ERROR);
    await ended;
  });
});
