import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../src/proxy/index.ts';
import {
  collect,
  conversation,
  endpoints,
  namedServer,
  ownAddress,
  policy,
  type RawServer,
  service,
  workload,
} from './support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const get = (host: string, path = '/') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;

describe('two proxies with mutual TLS', () => {
  const serverAddress = ownAddress();
  const buyerAddress = ownAddress();
  const thiefAddress = ownAddress();
  const lines: string[] = [];
  const proxies: RunningProxy[] = [];
  let authority: Authority;
  let app: RawServer;
  let tcpApp: RawServer;
  let buyer: Svid;

  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
    app = await namedServer('store');
    tcpApp = await namedServer('raw');
    buyer = await authority.issue(account('buyer'));
    proxies.push(await startProxy(await serverBootstrap(), { log: (line) => lines.push(line) }));
    proxies.push(await startProxy(await clientBootstrap('buyer', buyerAddress), { log: () => {} }));
    proxies.push(await startProxy(await clientBootstrap('thief', thiefAddress), { log: () => {} }));
    await Promise.all(proxies.map((proxy) => proxy.ready));
  });

  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    app.close();
    tcpApp.close();
  });

  async function serverBootstrap() {
    return {
      node: 'default/store-0',
      admin: { address: serverAddress, port: 0 },
      secret: await authority.issue(account('store')),
      resources: [
        workload({
          name: 'default/store-0',
          identity: account('store'),
          inboundPolicy: 'default/store',
          inbound: [
            {
              address: serverAddress,
              port: 14001,
              containerPort: 80,
              protocol: 'HTTP',
              appAddress: app.address,
              appPort: app.port,
            },
            {
              address: serverAddress,
              port: 14002,
              containerPort: 81,
              protocol: 'TCP',
              appAddress: tcpApp.address,
              appPort: tcpApp.port,
            },
          ],
        }),
        policy('default/store', [
          {
            rule: 'default/buyers',
            identities: [account('buyer')],
            to: [
              { transport: 'TCP', ports: [80], http: { methods: ['GET'], path: { prefix: '/books' } } },
              { transport: 'TCP', ports: [81], anyHttp: true },
            ],
          },
        ]),
      ],
    };
  }

  async function clientBootstrap(name: string, address: string) {
    const identity = account('store');
    return {
      node: `default/${name}`,
      admin: { address, port: 0 },
      secret: await authority.issue(account(name)),
      resources: [
        workload({
          name: `default/${name}`,
          identity: account(name),
          outbound: [
            { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] },
            { address, port: 20001, protocol: 'HTTP', services: ['default/impostor:80'] },
            { address, port: 20002, protocol: 'TCP', services: ['default/raw:81'] },
          ],
        }),
        service('store', 80, { store: 1 }),
        endpoints('store', 80, [{ address: serverAddress, port: 14001, identity }]),
        service('impostor', 80, { impostor: 1 }),
        endpoints('impostor', 80, [{ address: serverAddress, port: 14001, identity: account('somebody-else') }]),
        service('raw', 81, { raw: 1 }, { protocol: 'TCP' }),
        endpoints('raw', 81, [{ address: serverAddress, port: 14002, identity }]),
      ],
    };
  }

  function connectWith(svid: Svid | undefined, port = 14001): tls.TLSSocket {
    const socket = tls.connect({
      host: serverAddress,
      port,
      rejectUnauthorized: false,
      ...(svid === undefined ? {} : { cert: svid.certificateChain, key: svid.privateKey }),
    });
    socket.on('error', () => {});
    return socket;
  }

  test('a granted client gets through', async () => {
    expect(await conversation(buyerAddress, 20000, get('store', '/books/1'))).toMatch(/^HTTP\/1.1 200 [\s\S]*store$/);
  });

  test('a client without a grant is answered 403 by a body that names no policy', async () => {
    const answer = await conversation(thiefAddress, 20000, get('store', '/books/1'));
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect(answer).not.toContain('buyers');
    expect(lines.join('\n')).toContain('nearest-rule=default/buyers');
  });

  test('a granted client is refused where the match does not cover it', async () => {
    expect(await conversation(buyerAddress, 20000, get('store', '/admin'))).toMatch(/^HTTP\/1.1 403 /);
    expect(await conversation(buyerAddress, 20000, get('store', '/books/../admin'))).toMatch(/^HTTP\/1.1 403 /);
    expect(await conversation(buyerAddress, 20000, get('store', '/books/%2e%2e/admin'))).toMatch(/^HTTP\/1.1 403 /);
    expect(await conversation(buyerAddress, 20000, get('store', '/books/..;/admin'))).toMatch(/^HTTP\/1.1 400 /);
    expect(await conversation(buyerAddress, 20000, get('store', '/books%2fadmin'))).toMatch(/^HTTP\/1.1 400 /);
  });

  test('nothing is sent to a server with another identity', async () => {
    expect(await conversation(buyerAddress, 20001, get('impostor', '/books'))).toMatch(/^HTTP\/1.1 503 /);
  });

  test('TCP is spliced for a granted client and closed without a byte for another', async () => {
    const socket = net.connect({ host: buyerAddress, port: 20002 });
    socket.end(get('any'));
    const granted = new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())));
    expect(await granted).toMatch(/raw$/);
    socket.destroy();
    expect(await conversation(thiefAddress, 20002, get('any'))).toBe('');
  });

  test('plain text to a port with mutual TLS reaches nothing', async () => {
    const before = app.received.length;
    expect(await conversation(serverAddress, 14001, get('store', '/books'))).not.toContain('HTTP/1.1');
    expect(await conversation(serverAddress, 14002, get('store', '/books'))).not.toContain('HTTP/1.1');
    expect(app.received.length).toBe(before);
  });

  test.each([
    ['no certificate', async () => undefined],
    [
      'a certificate of another authority with the right name',
      async () => (await createAuthority({ trustDomain: 'cluster.local' })).issue(account('buyer')),
    ],
    [
      'an identity of another trust domain',
      async () =>
        (await createAuthority({ trustDomain: 'other.local' })).issue(spiffeId('other.local', 'default', 'buyer')),
    ],
  ])('%s is no way in', async (_name, make) => {
    for (const port of [14001, 14002]) {
      const socket = connectWith(await make(), port);
      socket.write(get('store', '/books'));
      expect(await collect(socket)).toBe('');
    }
  });

  test('the right certificate gets in directly', async () => {
    const socket = connectWith(buyer);
    socket.write(get('store', '/books'));
    expect(await collect(socket)).toMatch(/^HTTP\/1.1 200 /);
  });

  test('a resumed TLS session keeps its identity', async () => {
    const first = connectWith(buyer);
    const session = new Promise<Buffer>((resolve) => first.once('session', resolve));
    first.write(get('store', '/books'));
    expect(await collect(first)).toMatch(/^HTTP\/1.1 200 /);
    const again = tls.connect({
      host: serverAddress,
      port: 14001,
      rejectUnauthorized: false,
      session: await session,
      cert: buyer.certificateChain,
      key: buyer.privateKey,
    });
    const reused = new Promise((resolve) => again.once('secureConnect', () => resolve(again.isSessionReused())));
    again.write(get('store', '/books'));
    expect(await collect(again)).toMatch(/^HTTP\/1.1 200 /);
    expect(await reused).toBe(true);
  });

  test('the metrics name the peer and the verdict', async () => {
    const metrics = await metricsOf(proxies[0]!);
    expect(metrics).toMatch(
      new RegExp(
        `smi_requests_total\\{direction="inbound",.*source_identity="${account('thief')}".*code="403",verdict="denied"\\} 1`,
      ),
    );
    expect(metrics).toMatch(/smi_tcp_connections_total\{direction="inbound".*verdict="denied"\} 1/);
    // The thief's sidecar cannot tell that from a server that closes.
    const own = (await metricsOf(proxies[2]!))
      .split('\n')
      .filter((line) => line.startsWith('smi_tcp_connections_total{'));
    expect(own).toEqual([expect.stringMatching(/direction="outbound".*verdict="forwarded"\} 1$/)]);
  });
});

async function metricsOf({ adminAddress: { address, port } }: RunningProxy): Promise<string> {
  return (await fetch(`http://${address}:${port}/metrics`)).text();
}
