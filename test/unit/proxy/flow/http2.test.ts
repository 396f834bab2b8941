import { once } from 'node:events';
import http2 from 'node:http2';
import type net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseGrpcTimeout } from '../../../../src/proxy/policy/deadline.ts';
import { type ClientProxy, clientProxy, refusing } from '../support/failing.ts';
import { ownAddress, until } from '../support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Program {
  readonly address: string;
  readonly port: number;
  readonly http2: true;
  readonly heads: http2.IncomingHttpHeaders[];
  /** Codes with which streams were reset. */
  readonly resets: number[];
}

async function program(treat: (stream: http2.ServerHttp2Stream, request: number) => void): Promise<Program> {
  const address = ownAddress();
  const heads: http2.IncomingHttpHeaders[] = [];
  const resets: number[] = [];
  const sockets = new Set<net.Socket>();
  const server = http2.createServer();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    stream.on('close', () => resets.push(stream.rstCode));
    treat(stream, heads.push(headers) - 1);
  });
  server.listen(0, address);
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address, port: (server.address() as net.AddressInfo).port, http2: true, heads, resets };
}

async function proxied(...args: Parameters<typeof clientProxy>): Promise<ClientProxy> {
  const client = await clientProxy(...args);
  cleanups.push(() => client.proxy.stop());
  return client;
}

interface Answer {
  readonly head: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
  /** Whether the head was all there is. */
  readonly only: boolean;
  readonly body: string;
  readonly code: number;
}

async function ask(address: string, headers: http2.OutgoingHttpHeaders, body = ''): Promise<Answer> {
  const session = http2.connect(`http://${address}:20000`);
  cleanups.push(() => session.destroy());
  const stream = session.request({ ':authority': 'store', ':path': '/p', ...headers });
  let head: Answer['head'] = {};
  let only = false;
  let text = '';
  stream.on('response', (received, flags) => {
    head = received;
    only = (flags & http2.constants.NGHTTP2_FLAG_END_STREAM) !== 0;
  });
  stream.on('data', (piece) => {
    text += piece;
  });
  stream.on('error', () => {});
  if (body !== '') stream.end(body);
  await new Promise<void>((resolve) => stream.once('close', () => resolve()));
  return { head, only, body: text, code: stream.rstCode };
}

const call = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
const good = (stream: http2.ServerHttp2Stream) => {
  stream.respond({ ':status': 200 });
  stream.end('good');
};

describe('over HTTP/2', () => {
  test('a call past its deadline is answered by a head alone, and its stream is cancelled', async () => {
    const hung = await program(() => {});
    const client = await proxied([hung]);
    const { head, only } = await ask(client.address, { ...call, 'grpc-timeout': '300m' }, 'call');
    expect(head).toMatchObject({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '4' });
    expect(only).toBe(true);
    expect(parseGrpcTimeout(String(hung.heads[0]!['grpc-timeout']))).toBeLessThanOrEqual(300);
    await until(() => hung.resets.includes(http2.constants.NGHTTP2_CANCEL), 'the cancellation');
    expect(await client.count('smi_deadline_exceeded_total')).toBe(1);
  });

  test('a call that reaches nobody is UNAVAILABLE, and a request is answered 503', async () => {
    const client = await proxied([{ ...(await refusing()), http2: true }] as never);
    const refused = await ask(client.address, call, 'call');
    expect(refused.head).toMatchObject({ ':status': 200, 'grpc-status': '14' });
    expect(refused.only).toBe(true);
    expect((await ask(client.address, {})).head[':status']).toBe(503);
    expect(await client.count('smi_retries_total', 'reason="connect-failure"')).toBe(4);
  });

  test('a stream that was refused is tried again, whatever its method; one that was reset only if it may be', async () => {
    const refusal = await program((stream, request) => {
      if (request === 0) stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else good(stream);
    });
    const client = await proxied([refusal]);
    expect((await ask(client.address, { ':method': 'POST' }, 'body')).body).toBe('good');
    const resetting = await program((stream, request) => {
      if (request === 2) good(stream);
      else stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    });
    const other = await proxied([resetting]);
    expect((await ask(other.address, { ':method': 'POST' }, 'body')).head[':status']).toBe(502);
    expect(resetting.heads).toHaveLength(1);
    expect((await ask(other.address, {})).body).toBe('good');
    expect(await other.count('smi_retries_total', 'reason="reset"')).toBe(1);
  });

  test('an answer that the policy names is tried again, and its stream is cancelled', async () => {
    const busy = await program((stream, request) => {
      if (request > 0) {
        good(stream);
        return;
      }
      stream.respond({ ':status': 503 });
      stream.write('begun');
    });
    const retries = { on: { conditions: ['GATEWAY_ERROR'] }, backoffBaseMs: 1 };
    const client = await proxied([busy], [{ any: true, retries }]);
    expect((await ask(client.address, {})).body).toBe('good');
    await until(() => busy.resets.includes(http2.constants.NGHTTP2_CANCEL), 'the cancellation');
  });

  test('a deadline breaks off an answer that has begun', async () => {
    const half = await program((stream) => {
      stream.respond({ ':status': 200 });
      stream.write('half');
    });
    const client = await proxied([half], [{ any: true, timeouts: { requestMs: 400 } }]);
    const { body, code } = await ask(client.address, {});
    expect(body).toBe('half');
    expect(code).not.toBe(0);
    await until(() => half.resets.includes(http2.constants.NGHTTP2_CANCEL), 'the cancellation');
  });

  test('faults, edits and the fields of the mesh are as over HTTP/1.1', async () => {
    const server = await program((stream) => {
      stream.respond({ ':status': 200, 'x-smi-overloaded': 'true', 'x-old': '1' });
      stream.end('good');
    });
    const policy = {
      any: true,
      requestHeaders: { set: [{ name: 'x-a', value: 'new' }] },
      responseHeaders: { remove: ['x-old'] },
      faults: { abort: { httpStatus: 503, grpcStatus: 13, share: 5_000 } },
    };
    const client = await proxied([server], [policy]);
    const fields = { 'x-pick': '9999', 'x-a': 'old', 'x-smi-backend': 'x', 'x-forwarded-client-cert': 'URI=forged' };
    const { head, body } = await ask(client.address, fields);
    expect(body).toBe('good');
    expect(head['x-old'] ?? head['x-smi-overloaded']).toBeUndefined();
    expect(server.heads[0]).toMatchObject({ 'x-a': 'new' });
    expect(Object.keys(server.heads[0]!).filter((name) => /^x-(smi|forwarded)/.test(name))).toEqual([]);
    expect((await ask(client.address, { ...call, 'x-pick': '0' })).head['grpc-status']).toBe('13');
  });
});
