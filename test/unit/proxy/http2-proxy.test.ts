import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import type net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../src/proxy/index.ts';
import { endpoints, metrics, ownAddress, policy, service, until, workload } from './support/mesh.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

interface Program {
  readonly address: string;
  readonly port: number;
  /** Connections that it took. */
  readonly connections: () => number;
}

const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/** Answers every request with its digest, the version of HTTP that it came in, and a trailer. */
async function program(version: 1 | 2): Promise<Program> {
  const address = ownAddress();
  let taken = 0;
  const answer = (request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      response.writeHead(200, { 'x-version': request.httpVersion, 'x-path': request.url, trailer: 'x-sum' });
      response.write(digest(Buffer.concat(pieces)));
      response.addTrailers({ 'x-sum': '1' });
      response.end();
    });
    request.on('error', () => {});
  };
  const server =
    version === 2
      ? http2.createServer(answer)
      : http.createServer((request, response) =>
          answer(request as unknown as http2.Http2ServerRequest, response as unknown as http2.Http2ServerResponse),
        );
  server.on('connection', () => taken++);
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  server.listen(0, address);
  await once(server, 'listening');
  cleanups.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address, port: (server.address() as net.AddressInfo).port, connections: () => taken };
}

interface Answer {
  readonly status: number;
  readonly version: string;
  readonly body: string;
  readonly trailer: string | undefined;
}

type Client = (path: string, body?: Buffer) => Promise<Answer>;

/** Requests to an address, with the authority `store`. */
function client(version: 1 | 2, address: string): Client {
  if (version === 1) {
    const agent = new http.Agent({ keepAlive: true });
    cleanups.push(() => agent.destroy());
    return (path, body) =>
      new Promise((resolve, reject) => {
        const method = body === undefined ? 'GET' : 'POST';
        const options = { host: address, port: 20000, agent, path, method, headers: { host: 'store' } };
        const request = http.request(options, (response) => {
          let text = '';
          response.on('data', (piece) => (text += piece));
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              version: String(response.headers['x-version']),
              body: text,
              trailer: response.trailers['x-sum'],
            }),
          );
        });
        request.on('error', reject);
        request.end(body);
      });
  }
  const session = http2.connect(`http://${address}:20000`);
  cleanups.push(() => session.destroy());
  return (path, body) =>
    new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const stream = session.request({ ':path': path, ':method': method, ':authority': 'store' });
      let head: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader = {};
      let trailers: http2.IncomingHttpHeaders = {};
      let text = '';
      stream.on('response', (headers) => (head = headers));
      stream.on('trailers', (headers) => (trailers = headers));
      stream.on('data', (piece) => (text += piece));
      stream.on('error', reject);
      stream.on('end', () =>
        resolve({
          status: head[':status'] ?? 0,
          version: String(head['x-version']),
          body: text,
          trailer: trailers['x-sum'] as string | undefined,
        }),
      );
      stream.end(body);
    });
}

/** One proxy in plain text between the client and the program. */
async function oneProxy(target: Program, http2Program: boolean): Promise<{ address: string; proxy: RunningProxy }> {
  const address = ownAddress();
  const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
  const proxy = await startProxy(
    {
      node: 'default/client',
      admin: { address, port: 0 },
      drainMillis: 5_000,
      resources: [
        workload({ name: 'default/client', outbound: [listener] }),
        service('store', 80, { store: 1 }),
        endpoints('store', 80, [{ address: target.address, port: target.port, http2: http2Program }]),
      ],
    },
    { log: () => {} },
  );
  cleanups.push(() => proxy.stop());
  await proxy.ready;
  return { address, proxy };
}

/** The client's proxy and the server's, with mutual TLS between them. */
async function twoProxies(target: Program, http2Program: boolean) {
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const account = (name: string) => spiffeId('cluster.local', 'default', name);
  const serverAddress = ownAddress();
  const address = ownAddress();
  const inbound = {
    address: serverAddress,
    port: 14001,
    containerPort: 80,
    protocol: 'HTTP',
    appAddress: target.address,
    appPort: target.port,
    appHttp2: http2Program,
  };
  const grant = {
    rule: 'default/clients',
    identities: [account('client')],
    to: [{ transport: 'TCP', ports: [80], http: { path: { prefix: '/open' } } }],
  };
  const server = await startProxy(
    {
      node: 'default/store-0',
      admin: { address: serverAddress, port: 0 },
      secret: await authority.issue(account('store')),
      resources: [
        workload({
          name: 'default/store-0',
          identity: account('store'),
          inboundPolicy: 'default/store',
          inbound: [inbound],
        }),
        policy('default/store', [grant]),
      ],
    },
    { log: () => {} },
  );
  const proxy = await startProxy(
    {
      node: 'default/client',
      admin: { address, port: 0 },
      secret: await authority.issue(account('client')),
      resources: [
        workload({
          name: 'default/client',
          identity: account('client'),
          outbound: [{ address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] }],
        }),
        service('store', 80, { store: 1 }),
        endpoints('store', 80, [{ address: serverAddress, port: 14001, identity: account('store') }]),
      ],
    },
    { log: () => {} },
  );
  cleanups.push(
    () => server.stop(),
    () => proxy.stop(),
  );
  await Promise.all([server.ready, proxy.ready]);
  return { address, proxy, server };
}

const combinations = ([1, 2] as const).flatMap((from) => ([1, 2] as const).map((to) => [from, to] as const));

describe.each(combinations)('a client of HTTP/%i and a program of HTTP/%i', (from, to) => {
  test('understand each other through one proxy: bodies both ways, trailers, many at once', async () => {
    const target = await program(to);
    const { address } = await oneProxy(target, to === 2);
    const send = client(from, address);
    const body = randomBytes(1_000_000);
    const small = Buffer.from('abc');
    const answers = await Promise.all([send('/open'), send('/open', small), send('/open', body)]);
    const version = to === 2 ? '2.0' : '1.1';
    const expected = [Buffer.alloc(0), small, body].map((bytes) => ({
      status: 200,
      version,
      body: digest(bytes),
      trailer: '1',
    }));
    expect(answers).toEqual(expected);
    const many = await Promise.all(Array.from({ length: 50 }, () => send('/open', small)));
    expect(many.every(({ status, body: text }) => status === 200 && text === digest(small))).toBe(true);
  });

  test('understand each other through two proxies on one shared connection, and policy holds', async () => {
    const target = await program(to);
    const { address, proxy, server } = await twoProxies(target, to === 2);
    const send = client(from, address);
    const body = randomBytes(1_000_000);
    const [empty, big, refused] = await Promise.all([send('/open/x'), send('/open', body), send('/closed')]);
    expect(empty).toMatchObject({ status: 200, body: digest(Buffer.alloc(0)), trailer: '1' });
    expect(big).toMatchObject({ status: 200, body: digest(body), trailer: '1' });
    expect(refused).toMatchObject({ status: 403, body: 'access denied\n' });
    await Promise.all(Array.from({ length: 50 }, () => send('/open', Buffer.from('x'))));
    expect(await metrics(proxy)).toMatch(/smi_connections\{side="upstream"\} 1\n/);
    expect(await metrics(server)).toMatch(/smi_connections\{side="downstream"\} 1\n/);
  });
});

test('a client of HTTP/2 that gives up is counted, and its server hears of it', async () => {
  const address = ownAddress();
  const server = http2.createServer();
  let gaveUp = false;
  server.on('stream', (stream) => {
    stream.on('aborted', () => (gaveUp = true));
    stream.on('error', () => {});
  });
  server.listen(0, address);
  await once(server, 'listening');
  const sessions: http2.ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  cleanups.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  const { port } = server.address() as net.AddressInfo;
  const { address: at, proxy } = await oneProxy({ address, port, connections: () => 0 }, true);
  const session = http2.connect(`http://${at}:20000`);
  cleanups.push(() => session.destroy());
  const stream = session.request({ ':path': '/', ':authority': 'store' });
  stream.on('error', () => {});
  await until(() => sessions.length === 1, 'the server has a connection');
  stream.close(http2.constants.NGHTTP2_CANCEL);
  await until(() => gaveUp, 'the server hears of it');
  await until(async () => /code="499"/.test(await metrics(proxy)), 'it is counted');
});

test('a draining proxy answers what is under way over HTTP/2 and takes no more', async () => {
  const target = await program(2);
  const { address, proxy } = await oneProxy(target, true);
  const session = http2.connect(`http://${address}:20000`);
  cleanups.push(() => session.destroy());
  const stream = session.request({ ':path': '/', ':method': 'POST', ':authority': 'store' });
  let status = 0;
  stream.on('response', (headers) => (status = headers[':status'] ?? 0));
  stream.resume();
  stream.write('begun');
  await until(() => target.connections() === 1, 'the request is under way');
  const goneAway = once(session, 'goaway');
  const drained = proxy.drain();
  await goneAway;
  stream.end('ended');
  await once(stream, 'close');
  expect(status).toBe(200);
  await drained;
});
