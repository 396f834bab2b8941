import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { workloadId } from '../../src/model/ids.ts';
import type { WorkloadId } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { allowed, listen, matching, sampleModel } from '../support/envoy-model.ts';
import { takeAddressRange } from '../support/mesh/address-range.ts';
import { createCredentials } from '../support/mesh/credentials.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';
import { until } from '../unit/proxy/support/mesh.ts';

/** WebSocket between programs that use the library `ws`, through one sidecar in plain text and through two with mutual TLS. */

const { path: binary, reason } = envoyBinary();
const envoy = binary === undefined ? undefined : envoyPlane(binary);
const why = reason === undefined ? '' : ` (${reason})`;
const id = (name: string): WorkloadId => workloadId('default', name);

/** Who serves the client, who the server, and which service is asked. */
const ways: readonly (readonly [string, Plane | undefined, Plane | undefined, 'legacy' | 'store'])[] = [
  ['our proxy', proxyPlane, undefined, 'legacy'],
  ['two of our proxies', proxyPlane, proxyPlane, 'store'],
  [`two Envoys${why}`, envoy, envoy, 'store'],
];

describe.each(ways)('the library ws through %s', (_, clients, servers, service) => {
  const cleanups: (() => unknown)[] = [];
  const accepted: WebSocket[] = [];
  let url = '';
  const scenario = it.skipIf(clients === undefined || (service === 'store' && servers === undefined));

  beforeAll(async () => {
    if (clients === undefined) return;
    const range = await takeAddressRange();
    cleanups.push(() => range.release());
    const grants = [allowed('buyer', [{ http: matching({}) }])];
    const model = sampleModel({ base: range.base, grants });
    const credentials = await createCredentials();
    for (const pod of ['store-v1', 'store-v2', 'legacy']) {
      const { address, port } = model.workloads[id(pod)]!.ports[0]!.app;
      cleanups.push(await startEcho(address, port, accepted));
    }
    if (servers !== undefined) {
      cleanups.push(await servers.start(model, [id('store-v1'), id('store-v2')], credentials));
    }
    cleanups.push(await clients.start(model, [id('buyer')], credentials));
    url = `ws://127.${range.base}.0.1:${listen[service]}/`;
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  /** An open client and what it received. */
  async function open(path = '', perMessageDeflate = false) {
    accepted.length = 0;
    const socket = new WebSocket(url + path, { perMessageDeflate, headers: { host: service } });
    const messages: { readonly data: Buffer; readonly isBinary: boolean }[] = [];
    socket.on('message', (data, isBinary) => messages.push({ data: bytesOf(data), isBinary }));
    socket.on('error', () => {});
    await once(socket, 'open');
    const server = accepted[0]!;
    return { socket, server, messages };
  }

  scenario('text and binary keep their kind', async () => {
    const { socket, messages } = await open();
    socket.send('grüße');
    socket.send(Buffer.from([0, 255, 13, 10]));
    socket.send('');
    await until(() => messages.length === 3, 'the echoes');
    expect(messages.map(({ data, isBinary }) => [data.toString('latin1'), isBinary])).toEqual([
      [Buffer.from('grüße').toString('latin1'), false],
      ['\0\xff\r\n', true],
      ['', false],
    ]);
    socket.terminate();
  });

  scenario('a message in fragments, with a ping between them', async () => {
    const { socket, messages } = await open();
    const pongs: string[] = [];
    socket.on('pong', (data) => pongs.push(data.toString()));
    socket.send('one ', { fin: false });
    socket.ping('still there');
    socket.send('two ', { fin: false });
    socket.send('three', { fin: true });
    await until(() => messages.length === 1 && pongs.length === 1, 'the echo and the pong');
    expect([messages[0]?.data.toString(), pongs]).toEqual(['one two three', ['still there']]);
    socket.terminate();
  });

  scenario('pings of the server', async () => {
    const { socket, server } = await open();
    const pong = once(server, 'pong');
    server.ping('x'.repeat(125));
    expect(String((await pong)[0])).toBe('x'.repeat(125));
    socket.terminate();
  });

  scenario('a message of 8 MB', async () => {
    const { socket, messages } = await open();
    const large = Buffer.alloc(8_000_000, 'abcdefg');
    socket.send(large);
    await until(() => messages.length === 1, 'the echo');
    expect(messages[0]?.data.equals(large)).toBe(true);
    socket.terminate();
  });

  scenario('a thousand messages in order, both ways at once', async () => {
    const { socket, server, messages } = await open();
    const received: string[] = [];
    server.on('message', (data) => received.push(String(data)));
    for (let index = 0; index < 1_000; index++) socket.send(String(index));
    await until(() => messages.length === 1_000, 'the echoes');
    const all = Array.from({ length: 1_000 }, (_, index) => String(index));
    expect([received, messages.map(({ data }) => String(data))]).toEqual([all, all]);
    socket.terminate();
  });

  scenario('compression is between the programs', async () => {
    const { socket, messages } = await open('compressed', true);
    expect(socket.extensions).toBe('permessage-deflate');
    const large = Buffer.alloc(1_000_000, 'a');
    socket.send(large);
    await until(() => messages.length === 1, 'the echo');
    expect(messages[0]?.data.equals(large)).toBe(true);
    socket.terminate();
  });

  scenario.each([
    [1000, 'done'],
    [1001, ''],
    [3000, 'of a library'],
    [4999, 'ünfug'],
  ])('the close code %i reaches the server, and its answer the client', async (code, text) => {
    const { socket, server } = await open();
    const seen = once(server, 'close');
    const closed = once(socket, 'close');
    socket.close(code, text);
    expect([(await seen)[0], String((await seen)[1]), (await closed)[0]]).toEqual([code, text, code]);
  });

  scenario('the close code of the server reaches the client', async () => {
    const { socket, server } = await open();
    const closed = once(socket, 'close');
    server.close(1011, 'broken');
    expect([(await closed)[0], String((await closed)[1])]).toEqual([1011, 'broken']);
  });

  scenario('a message that the server does not allow', async () => {
    const { socket } = await open();
    const closed = once(socket, 'close');
    socket.send(Buffer.alloc(17_000_000));
    expect((await closed)[0]).toBe(1009);
  });

  scenario('a client that dies ends the connection of the server, and the other way round', async () => {
    const first = await open();
    const gone = once(first.server, 'close');
    first.socket.terminate();
    expect((await gone)[0]).toBe(1006);
    const second = await open();
    const lost = once(second.socket, 'close');
    second.server.terminate();
    expect((await lost)[0]).toBe(1006);
  });
});

const bytesOf = (data: RawData): Buffer =>
  Array.isArray(data) ? Buffer.concat(data) : Buffer.isBuffer(data) ? data : Buffer.from(data);

/** Gives every message back as it came; `accepted` gets the connections. */
async function startEcho(host: string, port: number, accepted: WebSocket[]): Promise<() => void> {
  const server = new WebSocketServer({ host, port, perMessageDeflate: true, maxPayload: 16_000_000 });
  server.on('connection', (socket) => {
    accepted.push(socket);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, 'listening');
  return () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
}
