import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { portForward } from '../../../src/kubernetes-client/port-forward.ts';

const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-forward-'));
const paths: (string | undefined)[] = [];
/** What a pod behind the apiserver does with a connection, by the channels of v4.channel.k8s.io. */
let pod: (socket: WebSocket) => void = () => undefined;
const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'v4.channel.k8s.io' });
server.on('connection', (socket, { url }) => {
  paths.push(url);
  // Each channel begins with the number of the port.
  for (const channel of [0, 1]) socket.send(Buffer.from([channel, 0x9b, 0x3a]));
  pod(socket);
});
await once(server, 'listening');
const connection = await connected();

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
});

async function connected() {
  const kubeconfig = join(folder, 'kubeconfig');
  const cluster = {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    'insecure-skip-tls-verify': true,
  };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'test', user: { token: 't' } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    }),
  );
  const made = await connect({ kubeconfig });
  if (!made.ok) throw new Error(made.error.diagnostic.message);
  return made.value;
}

const where = { namespace: 'smi-mesh-system', pod: 'controller-0', port: 15_019 };

test('a connection to a port of a pod carries HTTP', async () => {
  pod = (socket) => {
    socket.on('message', (data: Buffer) => {
      expect(data[0]).toBe(0);
      expect(data.subarray(1).toString()).toMatch(/^GET \/proxies HTTP/);
      const body = 'x'.repeat(100_000);
      socket.send(Buffer.concat([Buffer.from([0]), Buffer.from('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n')]));
      socket.send(Buffer.concat([Buffer.from([0]), Buffer.from(body)]));
      socket.close();
    });
  };
  const forwarded = await portForward(connection, where);
  if (!forwarded.ok) throw new Error(forwarded.error.diagnostic.message);
  const sent = request({ path: '/proxies', createConnection: () => forwarded.value });
  sent.end();
  const [response] = (await once(sent, 'response')) as [AsyncIterable<Buffer>];
  let size = 0;
  for await (const chunk of response) size += chunk.length;
  expect(size).toBe(100_000);
  expect(paths).toEqual(['/api/v1/namespaces/smi-mesh-system/pods/controller-0/portforward?ports=15019']);
});

test('what the pod complains of ends the connection', async () => {
  pod = (socket) => {
    socket.on('message', () => socket.send(Buffer.concat([Buffer.from([1]), Buffer.from('connection refused')])));
  };
  const forwarded = await portForward(connection, where);
  if (!forwarded.ok) throw new Error(forwarded.error.diagnostic.message);
  const failed = new Promise<Error>((resolve) => forwarded.value.once('error', resolve));
  forwarded.value.write('x');
  expect((await failed).message).toBe('connection refused');
});

test('an apiserver that is not there is a fault', async () => {
  const { config } = connection;
  const gone = Object.assign(Object.create(config), {
    getCurrentCluster: () => ({ name: 'gone', server: 'http://127.0.0.1:1', skipTLSVerify: true }),
  });
  const forwarded = await portForward({ ...connection, config: gone }, where);
  expect(forwarded).toMatchObject({ ok: false, error: { diagnostic: { code: 'SMI1010' } } });
});
