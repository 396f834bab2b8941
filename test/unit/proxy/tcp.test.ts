import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import { limits } from '../../../src/proxy/limits.ts';
import { collect, endpoints, metrics, ownAddress, policy, service, until, workload } from './support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);

/** A server whose connections are looked at; it may end its side and read on. */
async function tcpServer(serve: (socket: net.Socket) => void) {
  const address = ownAddress();
  const sockets: net.Socket[] = [];
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    address,
    port,
    sockets,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

function connect(address: string, port: number): net.Socket {
  const socket = net.connect({ host: address, port });
  socket.on('error', () => {});
  return socket;
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A client's proxy with one TCP listener at port 20000. */
async function clientProxy(resources: readonly StaticResource[], services: readonly string[]): Promise<RunningProxy> {
  const address = ownAddress();
  const outbound = [{ address, port: 20_000, protocol: 'TCP', services }];
  const proxy = await startProxy(
    {
      node: 'default/client',
      admin: { address, port: 0 },
      resources: [workload({ name: 'default/client', identity: account('client'), outbound }), ...resources],
    },
    { log: () => {} },
  );
  stops.push(() => proxy.stop());
  await proxy.ready;
  return proxy;
}

const raw = (name: string) => service(name, 80, { [name]: 1 }, { protocol: 'TCP' });

async function value(proxy: RunningProxy, line: RegExp): Promise<number> {
  return Number(line.exec(await metrics(proxy))?.[1] ?? 0);
}

describe('a TCP connection', () => {
  test('is tried at another endpoint when one cannot be connected to, and no client sees it', async () => {
    const server = await tcpServer((socket) => socket.end('here'));
    stops.push(server.close);
    const dead = Array.from({ length: 2 }, () => ({ address: ownAddress(), port: 9 }));
    const proxy = await clientProxy([raw('db'), endpoints('db', 80, [...dead, server])], ['default/db:80']);
    for (let i = 0; i < 20; i++) expect(await collect(connect(proxy.adminAddress.address, 20_000))).toBe('here');
    expect(await value(proxy, /smi_tcp_connections_total\{.*verdict="forwarded"\} (\d+)/)).toBe(20);
    expect(await value(proxy, /smi_tcp_retries_total\{.*reason="connect-failure"\} (\d+)/)).toBeGreaterThan(0);
    expect(await metrics(proxy)).not.toContain('verdict="failed"');
  });

  test('is closed without a byte when no endpoint can be connected to', async () => {
    const dead = Array.from({ length: 5 }, () => ({ address: ownAddress(), port: 9 }));
    const proxy = await clientProxy([raw('db'), endpoints('db', 80, dead)], ['default/db:80']);
    expect(await collect(connect(proxy.adminAddress.address, 20_000))).toBe('');
    expect(await value(proxy, /smi_tcp_connections_total\{.*verdict="failed"\} (\d+)/)).toBe(1);
    const retries = await value(proxy, /smi_tcp_retries_total\{.*\} (\d+)/);
    expect(retries).toBe(limits.tcpConnectAttempts - 1);
  });
});

describe('bytes between a program and a server', () => {
  let authority: Authority;
  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
  });

  /** Through two sidecars with mutual TLS. */
  async function throughTwo(server: { readonly address: string; readonly port: number }) {
    const [near, far] = [ownAddress(), ownAddress()];
    const inbound = {
      address: far,
      port: 14_001,
      containerPort: 80,
      protocol: 'TCP',
      appAddress: server.address,
      appPort: server.port,
    };
    const outbound = { address: near, port: 20_000, protocol: 'TCP', services: ['default/db:80'] };
    const serverProxy = await startProxy(
      {
        node: 'default/db-0',
        admin: { address: far, port: 0 },
        secret: await authority.issue(account('db')),
        resources: [
          workload({ name: 'default/db-0', identity: account('db'), inboundPolicy: 'p', inbound: [inbound] }),
          policy('p', [
            { rule: 'r', identities: [account('app')], to: [{ transport: 'TCP', anyPort: true, anyHttp: true }] },
          ]),
        ],
      },
      { log: () => {} },
    );
    const clientSide = await startProxy(
      {
        node: 'default/app',
        admin: { address: near, port: 0 },
        secret: await authority.issue(account('app')),
        resources: [
          workload({ name: 'default/app', identity: account('app'), outbound: [outbound] }),
          raw('db'),
          endpoints('db', 80, [{ address: far, port: 14_001, identity: account('db') }]),
        ],
      },
      { log: () => {} },
    );
    stops.push(
      () => serverProxy.stop(),
      () => clientSide.stop(),
    );
    await Promise.all([serverProxy.ready, clientSide.ready]);
    return { client: connect(near, 20_000), serverProxy, clientProxy: clientSide };
  }

  test('keep going one way when the other has ended', async () => {
    const server = await tcpServer((socket) => {
      let got = '';
      socket.on('data', (bytes) => {
        got += bytes.toString();
      });
      socket.on('end', () => socket.end(`got ${got}`));
    });
    stops.push(server.close);
    const { client, clientProxy: near } = await throughTwo(server);
    client.end('question');
    expect(await collect(client)).toBe('got question');
    await until(async () => (await value(near, /smi_tcp_connection_seconds_total\{.*\} ([\d.]+)/)) > 0, 'the duration');
    expect(await value(near, /smi_tcp_bytes_total\{.*flow="to-server"\} (\d+)/)).toBe('question'.length);
    expect(await value(near, /smi_tcp_bytes_total\{.*flow="to-client"\} (\d+)/)).toBe('got question'.length);
  });

  test('a reset of the client reaches the server as a reset', async () => {
    const server = await tcpServer((socket) => socket.resume());
    stops.push(server.close);
    const { client } = await throughTwo(server);
    client.write('x');
    await until(() => server.sockets.length === 1, 'the connection');
    const [socket] = server.sockets;
    const error = new Promise<NodeJS.ErrnoException>((resolve) => socket!.once('error', resolve));
    client.resetAndDestroy();
    expect((await error).code).toBe('ECONNRESET');
  });

  test('a reset of the server reaches the client as a reset', async () => {
    const server = await tcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    stops.push(server.close);
    const { client } = await throughTwo(server);
    const error = new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve));
    client.write('x');
    client.resume();
    expect((await error).code).toBe('ECONNRESET');
  });

  test('wait for a slow reader and are not kept in memory', async () => {
    const server = await tcpServer((socket) => socket.pause());
    stops.push(server.close);
    const { client, clientProxy: near } = await throughTwo(server);
    const piece = Buffer.alloc(65_536, 7);
    const total = 64 * 1024 * 1024;
    let written = 0;
    const write = () => {
      while (written < total) {
        written += piece.length;
        if (!client.write(piece)) return;
      }
    };
    client.on('drain', write);
    write();
    // It stalls when the buffers of the kernel and the bounded ones of two proxies are full.
    let carried = -1;
    await until(async () => {
      const now = await value(near, /smi_tcp_bytes_total\{.*flow="to-server"\} (\d+)/);
      const stalled = now === carried && now > 0;
      carried = now;
      await new Promise((resolve) => setTimeout(resolve, 300));
      return stalled;
    }, 'the stall');
    expect(written).toBeLessThan(total);
    let received = 0;
    server.sockets[0]!.on('data', (bytes) => {
      received += bytes.length;
    });
    server.sockets[0]!.resume();
    await until(() => received === total, 'all bytes');
  }, 60_000);

  test('are carried to their end while the proxy drains', async () => {
    const server = await tcpServer((socket) => socket.on('data', (bytes) => socket.write(bytes)));
    stops.push(server.close);
    const { client, clientProxy: near, serverProxy } = await throughTwo(server);
    const say = async (text: string) => {
      client.write(text);
      expect(String(await once(client, 'data'))).toBe(text);
    };
    await say('before');
    const drained = Promise.all([near.drain(), serverProxy.drain()]);
    await until(() => refuses(near.adminAddress.address, 20_000), 'no more connections');
    await say('during');
    client.end();
    await once(client, 'end');
    client.destroy();
    await drained;
  });
});

function refuses(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port });
    socket.once('error', () => resolve(true));
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
  });
}

describe('services that share a TCP port', () => {
  const names = ['gold', 'silver'];
  let authority: Authority;
  let proxy: RunningProxy;
  const servers: tls.Server[] = [];

  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
    const resources: StaticResource[] = [];
    for (const name of names) {
      const { certificateChain: cert, privateKey: key } = await authority.issue(account(name));
      const address = ownAddress();
      const server = tls.createServer({ cert, key }, (socket) => socket.end(name));
      server.on('tlsClientError', () => {});
      server.listen(0, address);
      await once(server, 'listening');
      servers.push(server);
      resources.push(raw(name), endpoints(name, 80, [{ address, port: (server.address() as net.AddressInfo).port }]));
    }
    proxy = await clientProxy(
      resources,
      names.map((name) => `default/${name}:80`),
    );
    stops.splice(0);
  });

  afterAll(async () => {
    await proxy.stop();
    for (const server of servers) server.close();
  });

  function ask(servername: string): Promise<string> {
    const socket = tls.connect({
      host: proxy.adminAddress.address,
      port: 20_000,
      rejectUnauthorized: false,
      ...(servername === '' ? {} : { servername }),
    });
    socket.on('error', () => {});
    return collect(socket);
  }

  test.each([
    ['gold.default.svc.cluster.local', 'gold'],
    ['silver.default', 'silver'],
    ['GOLD', 'gold'],
    ['silver', 'silver'],
  ])('are told apart by the server name %s', async (name, answer) => {
    expect(await ask(name)).toBe(answer);
  });

  test.each(['bronze.default', 'gold.other', ''])('the name "%s" leads nowhere and is counted', async (name) => {
    const before = await value(proxy, /smi_tcp_connections_total\{.*verdict="rejected"\} (\d+)/);
    expect(await ask(name)).toBe('');
    expect(await value(proxy, /smi_tcp_connections_total\{.*verdict="rejected"\} (\d+)/)).toBe(before + 1);
  });

  test('what is not TLS leads nowhere', async () => {
    const socket = connect(proxy.adminAddress.address, 20_000);
    socket.write('GET / HTTP/1.1\r\nHost: gold\r\n\r\n');
    expect(await collect(socket)).toBe('');
  });
});
