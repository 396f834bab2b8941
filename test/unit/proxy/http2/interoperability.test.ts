import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { CANCEL, REFUSED_STREAM } from '../../../../src/proxy/http2/error-codes.ts';
import { ownAddress, until } from '../support/mesh.ts';
import { connect, echo, request, serve } from './support/sessions.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function theirClient(url: string, options: http2.ClientSessionOptions = {}): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(url, options);
  session.on('error', () => {});
  await once(session, 'connect');
  cleanups.push(() => session.destroy());
  return session;
}

interface TheirAnswer {
  headers: http2.IncomingHttpHeaders;
  body: Buffer;
  trailers: http2.IncomingHttpHeaders | undefined;
}

async function theirRequest(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Buffer,
  trailers?: http2.OutgoingHttpHeaders,
): Promise<TheirAnswer> {
  const stream = session.request(headers, { endStream: body === undefined, waitForTrailers: trailers !== undefined });
  if (trailers !== undefined) stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  const pieces: Buffer[] = [];
  const answer: TheirAnswer = { headers: {}, body: Buffer.alloc(0), trailers: undefined };
  stream.on('response', (fields) => {
    answer.headers = fields;
  });
  stream.on('trailers', (fields) => {
    answer.trailers = fields;
  });
  stream.on('data', (bytes: Buffer) => pieces.push(bytes));
  if (body !== undefined) stream.end(body);
  await once(stream, 'close');
  answer.body = Buffer.concat(pieces);
  return answer;
}

async function theirServer(
  handle: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, raw: string[]) => void,
  options: http2.ServerOptions = {},
): Promise<{ address: string; port: number; sessions: http2.ServerHttp2Session[] }> {
  const server = http2.createServer(options);
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers, _flags, raw) => {
    stream.on('error', () => {});
    handle(stream, headers, raw);
  });
  const address = ownAddress();
  server.listen(0, address);
  await once(server, 'listening');
  cleanups.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { address, port: (server.address() as AddressInfo).port, sessions };
}

describe('our server and the client of node:http2', () => {
  it('exchange heads, bodies and trailers', async () => {
    const server = await serve(echo);
    cleanups.push(server.close);
    const client = await theirClient(server.url);
    for (let i = 0; i < 5; i++) {
      const answer = await theirRequest(
        client,
        { ':method': 'POST', ':path': `/x?${i}`, 'x-a': 'b', cookie: 'a=1; b=2', authorization: 'Bearer x' },
        Buffer.from(`body ${i}`),
        { 'x-sum': String(i) },
      );
      expect(answer.headers).toMatchObject({
        ':status': 200,
        'x-a': 'b',
        cookie: 'a=1; b=2',
        authorization: 'Bearer x',
      });
      expect(answer.body.toString()).toBe(`body ${i}`);
      expect(answer.trailers).toMatchObject({ 'x-sum': String(i) });
    }
  });

  it.each([
    ['the usual windows', 65_535],
    ['small windows', 1_000],
  ])('exchange large bodies on many streams under %s', async (_, initialWindowSize) => {
    const server = await serve(echo);
    cleanups.push(server.close);
    const client = await theirClient(server.url, { settings: { initialWindowSize } });
    const bodies = Array.from({ length: 20 }, (_, i) => randomBytes(300_000 + i * 1_117));
    const answers = await Promise.all(bodies.map((body) => theirRequest(client, { ':method': 'POST' }, body)));
    for (const [i, { body }] of answers.entries()) expect(body.equals(bodies[i]!)).toBe(true);
    expect(server.sessions[0]!.openStreams).toBe(0);
  });

  it('serve many requests with few bytes, in any order', async () => {
    const server = await serve(echo);
    cleanups.push(server.close);
    const client = await theirClient(server.url);
    const all = Array.from({ length: 2_000 }, (_, i) =>
      theirRequest(client, { ':method': 'POST', ':path': `/${i % 100}`, 'x-i': String(i) }, Buffer.from(String(i))),
    );
    for (const [i, { headers, body }] of (await Promise.all(all)).entries()) {
      expect([headers['x-i'], body.toString()]).toEqual([String(i), String(i)]);
    }
  });

  it('let the client cancel in the middle, and go on', async () => {
    const resets: number[] = [];
    const server = await serve((stream, head) => ({
      ...echo(stream, head),
      reset: (_, code) => resets.push(code),
    }));
    cleanups.push(server.close);
    const client = await theirClient(server.url);
    const streams = Array.from({ length: 20 }, () => client.request({ ':method': 'POST' }));
    for (const stream of streams) {
      stream.on('error', () => {});
      stream.write(randomBytes(100_000));
      stream.once('data', () => stream.close(CANCEL));
    }
    await until(() => resets.length === 20, 'all resets');
    expect(new Set(resets)).toEqual(new Set([CANCEL]));
    const body = randomBytes(2_000_000);
    expect((await theirRequest(client, { ':method': 'POST' }, body)).body.equals(body)).toBe(true);
  });

  it('end the connection after the requests under way', async () => {
    const answers: (() => void)[] = [];
    const server = await serve((stream, head) => {
      answers.push(() => echo(stream, head));
      return { data: () => true, end: () => {}, reset: () => {}, drained: () => {} };
    });
    cleanups.push(server.close);
    const client = await theirClient(server.url);
    const first = theirRequest(client, { ':path': '/1' });
    await until(() => answers.length === 1, 'the first request');
    server.sessions[0]!.drain();
    await once(client, 'goaway');
    answers[0]!();
    expect((await first).headers[':status']).toBe(200);
    await until(() => server.ended.length === 1, 'the end of the session');
  });
});

describe('our client and the server of node:http2', () => {
  it('read the same header lists, however they repeat', async () => {
    const server = await theirServer((stream, headers, raw) => {
      const echoed: http2.OutgoingHttpHeaders = { ':status': 200 };
      for (const [name, value] of Object.entries(headers)) if (!name.startsWith(':')) echoed[name] = value;
      stream.respond({ ...echoed, 'x-path': headers[':path'], 'x-raw': String(raw.length) }, { endStream: true });
    });
    const { session } = await connect(server.address, server.port);
    cleanups.push(() => session.destroy());
    const name = fc.constantFrom('x-a', 'x-b', 'x-c', 'accept', 'user-agent', 'date', 'authorization', 'x-longer-name');
    const value = fc.oneof(
      fc.constantFrom('a', 'b', 'c'.repeat(100), 'Fri, 01 Jan 2100 00:00:00 GMT'),
      fc.string({ unit: 'grapheme-ascii', maxLength: 60 }).map((text) => text.trim()),
      fc.integer({ min: 1, max: 5_000 }).map((length) => 'z'.repeat(length)),
    );
    const path = fc.oneof(
      fc.constantFrom('/', '/index.html', '/a'),
      fc.nat(1_000).map((n) => `/${n}`),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.dictionary(name, value), path), { maxLength: 20 }), async (requests) => {
        const answers = requests.map(([fields, target]) => request(session, { target, fields }).answer);
        for (const [index, { fields }] of (await Promise.all(answers)).entries()) {
          const [sent, target] = requests[index]!;
          const lines = Object.keys(sent).length + 4;
          expect(fields).toMatchObject({ ...sent, 'x-path': target, 'x-raw': String(2 * lines) });
        }
      }),
      { numRuns: 60 },
    );
  });

  it('exchange heads, bodies and trailers', async () => {
    const server = await theirServer((stream, headers) => {
      stream.respond({ ':status': 201, 'x-path': headers[':path'], 'x-a': headers['x-a'] }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': 'yes' }));
      stream.pipe(stream);
    });
    const { session } = await connect(server.address, server.port);
    cleanups.push(() => session.destroy());
    for (let i = 0; i < 5; i++) {
      const { answer } = request(session, {
        method: 'POST',
        target: `/y?${i}`,
        fields: { 'x-a': 'b' },
        body: Buffer.from(`body ${i}`),
        trailers: { 'x-sum': '1' },
      });
      const { status, fields, body, trailers } = await answer;
      expect(status).toBe(201);
      expect(fields).toMatchObject({ 'x-path': `/y?${i}`, 'x-a': 'b' });
      expect(body.toString()).toBe(`body ${i}`);
      expect(trailers).toEqual({ 'x-end': 'yes' });
    }
  });

  it.each([
    ['the usual windows', 65_535],
    ['small windows', 1_000],
  ])('exchange large bodies on many streams under %s', async (_, initialWindowSize) => {
    const server = await theirServer(
      (stream) => {
        stream.respond({ ':status': 200 });
        stream.pipe(stream);
      },
      { settings: { initialWindowSize } },
    );
    const { session } = await connect(server.address, server.port);
    cleanups.push(() => session.destroy());
    const bodies = Array.from({ length: 20 }, (_, i) => randomBytes(300_000 + i * 1_117));
    const answers = bodies.map((body) => request(session, { method: 'POST', body }).answer);
    for (const [i, { body }] of (await Promise.all(answers)).entries()) expect(body.equals(bodies[i]!)).toBe(true);
    expect(session.openStreams).toBe(0);
  });

  it('pass interim answers on', async () => {
    const server = await theirServer((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>' });
      stream.respond({ ':status': 204 }, { endStream: true });
    });
    const { session } = await connect(server.address, server.port);
    cleanups.push(() => session.destroy());
    const { status, interims } = await request(session).answer;
    expect([interims, status]).toEqual([[103], 204]);
  });

  it('tell refused streams from those that failed', async () => {
    const server = await theirServer((stream, headers) => {
      if (headers[':path'] === '/refused') stream.close(REFUSED_STREAM);
      else stream.close(CANCEL);
    });
    const { session } = await connect(server.address, server.port);
    cleanups.push(() => session.destroy());
    const [refused, failed] = await Promise.all([
      request(session, { target: '/refused' }).answer,
      request(session, { target: '/failed' }).answer,
    ]);
    expect(refused.reset).toEqual({ cause: 'refused', code: REFUSED_STREAM });
    expect(failed.reset).toEqual({ cause: 'peer', code: CANCEL });
  });

  it('count streams as the server allows them', async () => {
    const server = await theirServer((stream) => stream.respond({ ':status': 200 }), {
      settings: { maxConcurrentStreams: 3 },
    });
    const { session } = await connect(server.address, server.port);
    cleanups.push(() => session.destroy());
    const first = request(session);
    await until(() => session.freeStreams === 2, 'the settings of the server');
    request(session);
    request(session);
    expect(session.freeStreams).toBe(0);
    first.stream.reset(CANCEL);
    expect(session.freeStreams).toBe(1);
  });

  it('end with the connection', async () => {
    const server = await theirServer((stream) => {
      stream.respond({ ':status': 200 });
      stream.session?.destroy();
    });
    const { session, ended } = await connect(server.address, server.port);
    const { reset } = await request(session).answer;
    expect(reset?.cause).toBe('lost');
    await ended;
    expect(session.freeStreams).toBe(0);
  });
});
