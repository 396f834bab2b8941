import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type RunningProxy, type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import {
  collect,
  conversation,
  endpoints,
  metrics,
  namedServer,
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

async function proxyTo(...servers: readonly RawServer[]): Promise<{ address: string; proxy: RunningProxy }> {
  const address = ownAddress();
  const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
  const resources: StaticResource[] = [
    workload({ name: 'default/client', outbound: [listener] }),
    service('store', 80, { store: 1 }),
    endpoints('store', 80, servers),
  ];
  const bootstrap = { node: 'default/client', admin: { address, port: 0 }, resources, drainMillis: 5_000 };
  const proxy = await startProxy(bootstrap, { log: () => {} });
  cleanups.push(() => proxy.stop(), ...servers.map((server) => server.close));
  await proxy.ready;
  return { address, proxy };
}

const answers = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
const request = (fields: string, line = 'GET / HTTP/1.1') => `${line}\r\n${fields}Connection: close\r\n\r\n`;

/** The content of a complete chunked body. */
function unchunked(text: string): string {
  let content = '';
  for (let at = 0; ; ) {
    const end = text.indexOf('\r\n', at);
    const size = end < 0 ? 0 : Number.parseInt(text.slice(at, end), 16);
    if (!(size > 0)) return content;
    content += text.slice(end + 2, end + 2 + size);
    at = end + size + 4;
  }
}

describe('an outbound listener', () => {
  test.each([
    ['store', '200'],
    ['STORE', '200'],
    ['store:80', '200'],
    ['store:20000', '200'],
    ['store.default', '200'],
    ['store.default.svc.cluster.local:80', '200'],
    ['store:81', '404'],
    ['store.other', '404'],
    ['store.', '404'],
    ['', '404'],
  ])('answers the authority %j with %s', async (host, status) => {
    const { address } = await proxyTo(await namedServer('x'));
    expect(answers(await conversation(address, 20000, request(`Host: ${host}\r\n`)))).toEqual([status]);
  });

  test.each(['/a%2fb', '/a%5cb', '/a%00', '/%zz', '/a#b', '*', 'http://store/', '/books/..;/x'])(
    'answers 400 to the target %s',
    async (target) => {
      const server = await namedServer('x');
      const { address } = await proxyTo(server);
      const text = request('Host: store\r\n', `GET ${target} HTTP/1.1`);
      expect(answers(await conversation(address, 20000, text))).toEqual(['400']);
      expect(server.received).toEqual([]);
    },
  );

  test('forwards the normal form of the path with the query untouched, and no fields of the hop', async () => {
    const server = await namedServer('x');
    const { address } = await proxyTo(server);
    const fields = 'Host: store\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Hop: 1\r\nConnection: x-hop\r\nX-Kept: 1\r\n';
    await conversation(address, 20000, request(fields, 'GET //a/./%62/../c?q=//../%2e HTTP/1.1'));
    expect(server.received).toEqual(['GET /a/c?q=//../%2e HTTP/1.1\r\nHost: store\r\nX-Kept: 1\r\n\r\n']);
  });

  test('refuses a smuggled request and forwards nothing behind it', async () => {
    const server = await namedServer('x');
    const { address } = await proxyTo(server);
    const smuggled = 'GET /secret HTTP/1.1\r\nHost: store\r\n\r\n';
    const bodies = [
      `POST / HTTP/1.1\r\nHost: store\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST / HTTP/1.1\r\nHost: store\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST / HTTP/1.1\r\nHost: store\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
      `POST / HTTP/1.1\r\nHost: store\r\nTransfer-Encoding: chunked\r\n\r\n0;\nx\r\n\r\n${smuggled}`,
    ];
    for (const text of bodies) expect(answers(await conversation(address, 20000, text))).toEqual(['400']);
    expect(server.received.join('')).not.toContain('/secret');
  });

  test('answers pipelined requests in order, whatever their answers', async () => {
    const { address } = await proxyTo(await namedServer('x'));
    const get = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    const text = `${get('store')}${get('nope')}${get('store')}${request('Host: nope\r\n')}`;
    expect(answers(await conversation(address, 20000, text))).toEqual(['200', '404', '200', '404']);
  });

  test('keeps connections to servers and clients alive', async () => {
    const server = await namedServer('x');
    const { address } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    for (let i = 0; i < 5; i++) {
      client.write('GET / HTTP/1.1\r\nHost: store\r\n\r\n');
      await once(client, 'data');
    }
    client.destroy();
    expect(server.received).toHaveLength(1);
  });

  test('sends again what a stale connection swallowed', async () => {
    const server = await rawServer((socket, received, connection) => {
      const heads = received.split('\r\n\r\n').length - 1;
      if (connection === 0 && heads === 2) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
    });
    const { address, proxy } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write('GET /1 HTTP/1.1\r\nHost: store\r\n\r\n');
    await once(client, 'data');
    expect(await metrics(proxy)).not.toContain('smi_retries_total');
    client.write(request('Host: store\r\n', 'GET /2 HTTP/1.1'));
    expect(answers(await collect(client))).toEqual(['200']);
    expect(server.received).toHaveLength(2);
    const text = await metrics(proxy);
    const labels = 'direction="outbound",.*destination="default/store:80",.*backend="default/store"';
    expect(text).toMatch(new RegExp(`smi_retries_total\\{${labels},.*reason="stale-connection"\\} 1\n`));
    expect(text).toMatch(/smi_requests_total\{.*code="200",verdict="forwarded"\} 2\n/);
  });

  test('never sends a POST twice', async () => {
    const server = await rawServer((socket, received, connection) => {
      if (connection === 0 && received.includes('POST')) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
    });
    const { address, proxy } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write('GET /1 HTTP/1.1\r\nHost: store\r\n\r\n');
    await once(client, 'data');
    client.write('POST /2 HTTP/1.1\r\nHost: store\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx');
    expect(answers(await collect(client))).toEqual(['502']);
    expect(server.received).toHaveLength(1);
    expect(await metrics(proxy)).not.toContain('smi_retries_total');
  });

  test.each([
    ['again, in one piece, a body that came in parts', 10, '200', 2],
    ['never again a body that is too large to keep', 100_000, '502', 1],
  ])('sends %s', async (_name, size, status, connections) => {
    const part = 'p'.repeat(size);
    const server = await rawServer((socket, received, connection) => {
      if (connection > 0 ? received.endsWith(`${part}second`) : !received.includes('PUT')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
      } else if (received.endsWith('second')) socket.destroy();
    });
    const { address } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write('GET /1 HTTP/1.1\r\nHost: store\r\n\r\n');
    await once(client, 'data');
    client.write(`PUT /2 HTTP/1.1\r\nHost: store\r\nContent-Length: ${size + 6}\r\nConnection: close\r\n\r\n${part}`);
    await until(() => server.received[0]!.endsWith(part), 'the first part');
    client.write('second');
    expect(answers(await collect(client))).toEqual([status]);
    expect(server.received).toHaveLength(connections);
  });

  test.each([
    ['both lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['no HTTP', 'hello\r\n\r\n'],
    ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 1\n\nx'],
    ['a protocol switch that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['a folded field', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['a bad chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
  ])('answers 502 to a server that sends %s', async (_name, nonsense) => {
    const { address } = await proxyTo(await rawServer((socket) => socket.write(nonsense)));
    expect(answers(await conversation(address, 20000, request('Host: store\r\n')))).toEqual(['502']);
  });

  test('answers 503 when no endpoint is there or takes connections', async () => {
    const gone = await namedServer('x');
    gone.close();
    const refused = await proxyTo(gone);
    expect(answers(await conversation(refused.address, 20000, request('Host: store\r\n')))).toEqual(['503']);
    const none = await proxyTo();
    expect(answers(await conversation(none.address, 20000, request('Host: store\r\n')))).toEqual(['503']);
  });

  test.each([
    ['a length', (bytes: Buffer) => [`Content-Length: ${bytes.length}`, bytes] as const, (text: string) => text],
    [
      'chunks',
      (bytes: Buffer) =>
        [
          'Transfer-Encoding: chunked',
          Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n0\r\n\r\n')]),
        ] as const,
      unchunked,
    ],
  ])('carries big bodies with %s both ways', async (_name, encode, decode) => {
    const body = randomBytes(5_000_000);
    const [field, framed] = encode(body);
    const digest = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex');
    const bodyOf = (text: string) => decode(text.slice(text.indexOf('\r\n\r\n') + 4));
    let received = '';
    const server = await rawServer((socket, text) => {
      if (received !== '' || text.length < body.length) return;
      if (digest(bodyOf(text)) !== digest(body.toString('latin1'))) return;
      received = text;
      socket.write(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
      socket.write(framed);
    });
    const { address } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write(`POST / HTTP/1.1\r\nHost: store\r\n${field}\r\nConnection: close\r\n\r\n`);
    client.write(framed);
    expect(digest(bodyOf(await collect(client)))).toBe(digest(body.toString('latin1')));
  });

  test('passes trailers on with chunks, both ways', async () => {
    const message = '3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n';
    const server = await rawServer((socket, text) => {
      if (text.endsWith('x-sum: 1\r\n\r\n')) {
        socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${message}`);
      }
    });
    const { address } = await proxyTo(server);
    const fields = 'Host: store\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n';
    const text = await conversation(address, 20000, `POST / HTTP/1.1\r\n${fields}${message}`);
    expect(text.slice(text.indexOf('\r\n\r\n') + 4)).toBe('3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n');
  });

  test('strips forged fields of the mesh', async () => {
    const server = await namedServer('x');
    const { address } = await proxyTo(server);
    const fields = 'Host: store\r\nX-Smi-Backend: v2\r\nX-Forwarded-Client-Cert: By=me\r\nX-Smile: 1\r\n';
    await conversation(address, 20000, request(fields));
    expect(server.received).toEqual(['GET / HTTP/1.1\r\nHost: store\r\nX-Smile: 1\r\n\r\n']);
  });

  test('does not take in more than it can pass on', async () => {
    const server = await rawServer((socket) => socket.pause());
    const { address } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write('POST / HTTP/1.1\r\nHost: store\r\nContent-Length: 1000000000\r\n\r\n');
    const piece = Buffer.alloc(1_000_000);
    let written = 0;
    while (written < 100 && client.write(piece) !== undefined && client.writableLength < 20_000_000) {
      written++;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(client.writableLength).toBeGreaterThanOrEqual(20_000_000);
    client.destroy();
  });

  test('decodes chunks for a client that knows none', async () => {
    const server = await rawServer((socket) =>
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    );
    const { address } = await proxyTo(server);
    const text = await conversation(address, 20000, 'GET / HTTP/1.0\r\nHost: store\r\n\r\n');
    expect(text).toBe('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello');
  });

  test('passes an answer without length on until its end', async () => {
    const server = await rawServer((socket) => socket.end('HTTP/1.0 200 OK\r\n\r\nhello'));
    const { address } = await proxyTo(server);
    const old = await conversation(address, 20000, 'GET / HTTP/1.0\r\nHost: store\r\n\r\n');
    expect(old).toBe('HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nhello');
    const text = await conversation(address, 20000, request('Host: store\r\n'));
    expect(text).toBe(
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    );
  });

  test('passes an interim answer on and waits for the real one', async () => {
    const server = await rawServer((socket, received) => {
      if (received.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
    });
    const { address } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write(
      'PUT / HTTP/1.1\r\nHost: store\r\nContent-Length: 1\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n',
    );
    const [first] = (await once(client, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    client.write('x');
    expect(answers(await collect(client))).toEqual(['200']);
  });

  test('answers HEAD, 204 and 304 without waiting for a body', async () => {
    const server = await rawServer((socket, received) => {
      const last = received.trimEnd().split('\r\n\r\n').at(-1)!;
      if (/\/204/.test(last)) socket.write('HTTP/1.1 204 No Content\r\n\r\n');
      else socket.write(`HTTP/1.1 ${/^HEAD/.test(last) ? '200 OK' : '304 No'}\r\nContent-Length: 50\r\n\r\n`);
    });
    const { address } = await proxyTo(server);
    const line = (text: string) => `${text} HTTP/1.1\r\nHost: store\r\n\r\n`;
    const text = `${line('HEAD /')}${line('GET /204')}${request('Host: store\r\n', 'GET /304 HTTP/1.1')}`;
    expect(answers(await conversation(address, 20000, text))).toEqual(['200', '204', '304']);
  });

  test('drains: what is in flight is answered with its end, nothing new is taken', async () => {
    let release: () => void = () => {};
    const server = await rawServer((socket) => {
      release = () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx');
    });
    const { address, proxy } = await proxyTo(server);
    const client = net.connect({ host: address, port: 20000 });
    client.write('GET / HTTP/1.1\r\nHost: store\r\n\r\n');
    await until(() => server.received[0] !== undefined && server.received[0] !== '', 'the request');
    const drained = proxy.drain();
    await until(
      () =>
        new Promise((resolve) => {
          const probe = net.connect({ host: address, port: 20000 });
          probe.on('error', () => resolve(true));
          probe.on('connect', () => {
            probe.destroy();
            resolve(false);
          });
        }),
      'a closed door',
    );
    release();
    expect(await collect(client)).toBe('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nconnection: close\r\n\r\nx');
    await drained;
  });
});
