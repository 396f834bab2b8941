import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningProxy, startProxy } from '../../../src/proxy/index.ts';
import {
  collect,
  conversation,
  endpoints,
  metrics,
  ownAddress,
  type RawServer,
  rawServer,
  service,
  until,
  workload,
} from './support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n';
const asking = `GET /chat HTTP/1.1\r\nHost: store\r\n${upgrade}Sec-WebSocket-Key: k\r\n\r\n`;
const switching = `HTTP/1.1 101 Switching Protocols\r\n${upgrade}Sec-WebSocket-Accept: a\r\n\r\n`;

async function proxyTo(server: RawServer, drainMillis = 5_000): Promise<{ address: string; proxy: RunningProxy }> {
  const address = ownAddress();
  const proxy = await startProxy(
    {
      node: 'default/client',
      admin: { address, port: 0 },
      drainMillis,
      resources: [
        workload({
          name: 'default/client',
          outbound: [{ address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] }],
        }),
        service('store', 80, { store: 1 }),
        endpoints('store', 80, [server]),
      ],
    },
    { log: () => {} },
  );
  cleanups.push(() => proxy.stop(), server.close);
  await proxy.ready;
  return { address, proxy };
}

/** Switches at once and then gives back every byte. */
function echoServer(extra = ''): Promise<RawServer> {
  const switched = new Set<net.Socket>();
  return rawServer((socket, received) => {
    if (switched.has(socket) || !received.includes('\r\n\r\n')) return;
    switched.add(socket);
    socket.write(switching + extra);
    const rest = received.slice(received.indexOf('\r\n\r\n') + 4);
    if (rest !== '') socket.write(rest);
    socket.on('data', (bytes) => socket.write(bytes));
  });
}

interface Client {
  readonly socket: net.Socket;
  text: string;
}

async function client(address: string, first: string): Promise<Client> {
  const socket = net.connect({ host: address, port: 20000 });
  cleanups.push(() => socket.destroy());
  const made: Client = { socket, text: '' };
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    made.text += bytes.toString('latin1');
  });
  await once(socket, 'connect');
  socket.write(first);
  return made;
}

describe('an upgrade to WebSocket', () => {
  test('reaches the server with its fields, and makes a tunnel of both connections', async () => {
    const server = await echoServer();
    const { address } = await proxyTo(server);
    const { socket } = await client(address, asking);
    const all = collect(socket);
    await until(() => server.received[0]?.includes('\r\n\r\n') === true, 'the request');
    expect(server.received[0]).toBe(
      'GET /chat HTTP/1.1\r\nHost: store\r\nSec-WebSocket-Key: k\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n',
    );
    socket.write('GET / HTTP/1.1\r\n\0');
    await until(() => server.received[0]!.endsWith('\0'), 'the bytes');
    socket.end('the end');
    const text = await all;
    expect(text.startsWith('HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: a\r\n')).toBe(true);
    expect(text.endsWith('connection: upgrade\r\nupgrade: websocket\r\n\r\nGET / HTTP/1.1\r\n\0the end')).toBe(true);
  });

  test('passes bytes on that came with the 101, and keeps those of the client until then', async () => {
    const waiting: net.Socket[] = [];
    const server = await rawServer((socket) => waiting.push(socket));
    const { address } = await proxyTo(server);
    const made = await client(address, `${asking}early`);
    await until(() => waiting.length > 0, 'the request');
    made.socket.write(' and more');
    // The proxy has read it once it has answered another client.
    await conversation(address, 20000, 'GET / HTTP/1.1\r\nHost: nobody\r\nConnection: close\r\n\r\n');
    expect(server.received[0]!.endsWith('\r\n\r\n')).toBe(true);
    waiting[0]!.write(`${switching}hello`);
    await until(() => server.received[0]!.endsWith('\r\n\r\nearly and more'), 'the bytes that were held');
    await until(() => made.text.endsWith('\r\n\r\nhello'), 'the bytes after the 101');
  });

  test('is counted as one request, and its bytes apart', async () => {
    const server = await echoServer('12');
    const { address, proxy } = await proxyTo(server);
    const made = await client(address, asking);
    made.socket.write('12345');
    await until(() => made.text.endsWith('12345'), 'the echo');
    made.socket.destroy();
    await until(
      async () => /smi_requests_total\{.*code="101",verdict="forwarded"\} 1/.test(await metrics(proxy)),
      '101',
    );
    const text = await metrics(proxy);
    expect(text).toMatch(/smi_tunnel_bytes_total\{direction="outbound".*flow="to-server"\} 5\n/);
    expect(text).toMatch(/smi_tunnel_bytes_total\{direction="outbound".*flow="to-client"\} 7\n/);
    expect(text).not.toContain('smi_request_duration_seconds_count');
  });

  test('holds the server back while the client does not read', async () => {
    const piece = Buffer.alloc(65_536);
    const total = 64 * 1024 * 1024;
    let written = 0;
    const server = await rawServer((socket, received) => {
      if (written > 0 || !received.includes('\r\n\r\n')) return;
      socket.write(switching);
      const more = () => {
        while (written < total) {
          written += piece.length;
          if (!socket.write(piece)) return;
        }
        socket.end();
      };
      socket.on('drain', more);
      more();
    });
    const { address } = await proxyTo(server);
    const socket = net.connect({ host: address, port: 20000 });
    cleanups.push(() => socket.destroy());
    socket.pause();
    socket.write(asking);
    let before = -1;
    await until(async () => {
      const still = before === written && written > 0;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return still && before === written;
    }, 'a server that waits');
    expect(written).toBeLessThan(total / 2);
    let count = 0;
    socket.on('data', (bytes) => {
      count += bytes.length;
    });
    socket.resume();
    await once(socket, 'close');
    expect(count).toBeGreaterThanOrEqual(total);
  });

  test('ends for the client when the server resets, and for the server when the client does', async () => {
    const server = await echoServer();
    const { address } = await proxyTo(server);
    const first = await client(address, asking);
    await until(() => first.text !== '', 'the 101');
    server.sockets[0]!.resetAndDestroy();
    await until(() => first.socket.closed, 'the end for the client');
    const second = await client(address, asking);
    await until(() => second.text !== '', 'the 101');
    expect(server.sockets).toHaveLength(2);
    second.socket.resetAndDestroy();
    await until(() => server.sockets[1]!.closed, 'the end for the server');
  });

  test('is cut when draining lasts too long', async () => {
    const server = await echoServer();
    const { address, proxy } = await proxyTo(server, 100);
    const made = await client(address, asking);
    await until(() => made.text !== '', 'the 101');
    const drained = proxy.drain();
    made.socket.write('still here');
    await drained;
    await until(() => made.socket.closed && server.sockets[0]!.closed, 'the end of both');
  });
});

describe('an upgrade that is not granted', () => {
  test('is answered like any request, and what follows it is the next request', async () => {
    const server = await rawServer((socket, received) => {
      socket.write(
        received.includes('GET /next') ? 'HTTP/1.1 204 No\r\n\r\n' : 'HTTP/1.1 426 No\r\ncontent-length: 0\r\n\r\n',
      );
    });
    const { address } = await proxyTo(server);
    const text = await conversation(
      address,
      20000,
      `${asking}GET /next HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1\.1 426 No\r\n.*HTTP\/1\.1 204 No\r\n/s);
    expect(server.sockets).toHaveLength(1);
  });

  test.each([
    ['was not asked for', 'GET / HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n', switching],
    ['names nothing', asking, 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['names something else', asking, switching.replace('websocket', 'h3')],
  ])('a 101 that %s is a bad answer', async (_, request, answer) => {
    const { address } = await proxyTo(await rawServer((socket) => socket.write(answer)));
    const made = await client(address, request);
    await until(() => made.text.startsWith('HTTP/1.1 502 '), '502');
  });

  test.each([
    ['Content-Length: 2\r\n\r\nab', '400'],
    ['Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n', '400'],
  ])('with a body, %j, nothing is forwarded', async (rest, status) => {
    const server = await echoServer();
    const { address } = await proxyTo(server);
    const text = await conversation(address, 20000, `POST / HTTP/1.1\r\nHost: store\r\n${upgrade}${rest}`);
    expect(text.slice(9, 12)).toBe(status);
    expect(server.sockets).toHaveLength(0);
  });

  test.each(['tls/1.0', 'websocket, h3', 'h2c, websocket', 'WebSocketX', ''])('to %j is refused', async (protocol) => {
    const server = await echoServer();
    const { address } = await proxyTo(server);
    const made = await client(address, asking.replace('websocket', protocol));
    await until(() => made.text.startsWith('HTTP/1.1 403 '), '403');
    expect(server.sockets).toHaveLength(0);
  });

  test.each([
    ['to h2c', asking.replace('websocket', 'h2c')],
    ['not named by Connection', asking.replace('Connection: Upgrade', 'Connection: keep-alive')],
    ['of HTTP/1.0', asking.replace('HTTP/1.1', 'HTTP/1.0')],
  ])('%s is an ordinary request', async (_, request) => {
    const server = await rawServer((socket) => socket.write('HTTP/1.1 204 No\r\n\r\n'));
    const { address } = await proxyTo(server);
    const made = await client(address, request);
    await until(() => made.text.startsWith('HTTP/1.1 204 '), '204');
    expect(server.received[0]).not.toMatch(/upgrade/i);
  });
});
