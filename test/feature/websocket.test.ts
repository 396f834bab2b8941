import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { allowed, listen, matching, sampleModel } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';

/** WebSocket from a program to another one, through both sidecars and mutual TLS. */

const { path: binary, reason } = envoyBinary();
const id = (name: string): WorkloadId => workloadId('default', name);
const people = { buyer: 1, thief: 2 } as const;

const envoy: Plane | undefined = binary === undefined ? undefined : envoyPlane(binary);
/** Who serves the clients, and who the servers. */
const meshes: readonly (readonly [string, Plane | undefined, Plane | undefined])[] = [
  ['our proxy', proxyPlane, proxyPlane],
  ['Envoy', envoy, envoy],
  ['our proxy to Envoy', proxyPlane, envoy],
  ['Envoy to our proxy', envoy, proxyPlane],
];

let range: AddressRange;
let credentials: Credentials;

beforeAll(async () => {
  range = await takeAddressRange();
  credentials = await createCredentials();
});
afterAll(() => range.release());

describe.each(meshes)('WebSocket through %s', (_, clients, servers) => {
  const cleanups: (() => unknown)[] = [];
  const opened: string[] = [];

  beforeAll(async () => {
    if (clients === undefined || servers === undefined) return;
    const grants = [allowed('buyer', [{ http: matching({ path: { kind: 'regex', re2: '/chat(?s:.*)' } }) }])];
    const model = sampleModel({ base: range.base, grants });
    cleanups.push(await startChats(model, opened));
    cleanups.push(await servers.start(model, ['store-v1', 'store-v2'].map(id), credentials));
    cleanups.push(await clients.start(model, ['buyer', 'thief'].map(id), credentials));
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  const scenario = it.skipIf(clients === undefined || servers === undefined);
  const at = (who: keyof typeof people) => ({ host: `127.${range.base}.0.${people[who]}`, port: listen.store });

  scenario(`carries messages both ways and the close${reason === undefined ? '' : ` (${reason})`}`, async () => {
    const { host, port } = at('buyer');
    const socket = new WebSocket(`ws://${host}:${port}/chat?room=1`);
    const received: unknown[] = [];
    socket.addEventListener('message', ({ data }) => {
      received.push(data);
      if (received.length === 1) socket.send('x'.repeat(70_000));
      else socket.close(1000, 'done');
    });
    socket.addEventListener('open', () => socket.send('hello'));
    const [closed] = (await once(socket, 'close')) as [CloseEvent];
    expect(received).toEqual(['hello', 'x'.repeat(70_000)]);
    expect([closed.code, closed.wasClean]).toEqual([1000, true]);
    expect(opened).toContain('/chat?room=1');
  });

  scenario.each([
    ['a grant', 'buyer', '/chat', {}, 101],
    ['a path that is not granted', 'buyer', '/admin', {}, 403],
    ['no grant', 'thief', '/chat', {}, 403],
    ['an unknown host', 'buyer', '/chat', { host: 'nobody' }, 404],
    ['a path without normal form', 'buyer', '/chat/..;/x', {}, 400],
    ['a body', 'buyer', '/chat', { 'content-length': '2' }, 400],
    ['another protocol', 'buyer', '/chat', { upgrade: 'tls/1.0' }, 403],
    ['two protocols', 'buyer', '/chat', { upgrade: 'websocket, tls/1.0' }, 403],
    ['h2c, which is ignored', 'buyer', '/chat', { upgrade: 'h2c' }, 200],
  ] as const)('answers an upgrade with %s as decided', async (_reason, who, path, headers, status) => {
    opened.length = 0;
    expect(await statusOf({ ...at(who), path, headers })).toBe(status);
    expect(opened).toHaveLength(status === 101 ? 1 : 0);
  });
});

/** The status that answers a request to upgrade. */
async function statusOf(options: http.RequestOptions): Promise<number | undefined> {
  const request = http.request({
    ...options,
    headers: {
      host: 'store',
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
      ...options.headers,
    },
  });
  const answer = new Promise<number | undefined>((resolve, reject) => {
    request.on('upgrade', ({ statusCode }) => resolve(statusCode));
    request.on('response', ({ statusCode }) => resolve(statusCode));
    request.on('error', reject);
  });
  request.end(options.headers !== undefined && 'content-length' in options.headers ? 'ab' : undefined);
  const status = await answer;
  request.on('error', () => {});
  request.destroy();
  return status;
}

/** A program behind each HTTP port that gives every WebSocket message back; `opened` gets the targets. */
async function startChats(model: MeshModel, opened: string[]): Promise<() => void> {
  const servers: http.Server[] = [];
  const sockets = new Set<Duplex>();
  for (const { ports } of Object.values(model.workloads)) {
    for (const { app } of ports.filter(({ protocol }) => protocol === 'http')) {
      const server = http.createServer((_, response) => response.end('no upgrade'));
      server.on('upgrade', (request, socket) => {
        sockets.add(socket);
        opened.push(request.url ?? '');
        chat(socket, request.headers['sec-websocket-key'] ?? '');
      });
      server.listen(app.port, app.address);
      await once(server, 'listening');
      servers.push(server);
    }
  }
  return () => {
    for (const socket of sockets) socket.destroy();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
}

/** RFC 6455: the handshake, then each frame back without its mask, the one that closes included. */
function chat(socket: Duplex, key: string): void {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  socket.on('error', () => socket.destroy());
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  let bytes = Buffer.alloc(0);
  socket.on('data', (more: Buffer) => {
    bytes = Buffer.concat([bytes, more]);
    for (let frame = takeFrame(bytes); frame !== undefined; frame = takeFrame(bytes)) {
      socket.write(frame.unmasked);
      if (frame.closes) socket.end();
      bytes = bytes.subarray(frame.length);
    }
  });
}

/** One masked frame (RFC 6455 5.2) as a server would send it; undefined while it is incomplete. */
function takeFrame(bytes: Buffer): { unmasked: Buffer; closes: boolean; length: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = bytes[1]! & 0x7f;
  const lengthEnd = short === 127 ? 10 : short === 126 ? 4 : 2;
  if (bytes.length < lengthEnd + 4) return undefined;
  const size = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
  const start = lengthEnd + 4;
  if (bytes.length < start + size) return undefined;
  const mask = bytes.subarray(lengthEnd, start);
  const content = Buffer.from(bytes.subarray(start, start + size).map((byte, index) => byte ^ mask[index % 4]!));
  const head = Buffer.from(bytes.subarray(0, lengthEnd));
  head[1] = short;
  return { unmasked: Buffer.concat([head, content]), closes: (head[0]! & 0x0f) === 8, length: start + size };
}
