import net from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../src/proxy/index.ts';
import {
  collect,
  conversation,
  metrics,
  namedServer,
  ownAddress,
  policy,
  type RawServer,
  until,
  workload,
} from './support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n`;
const [http, tcp, httpOff, tcpOff, strict] = [14001, 14002, 14003, 14004, 14005];

describe.each(['DENY', 'AUDIT', 'ALLOW'])('ports by TLS mode under %s', (mode) => {
  const address = ownAddress();
  let authority: Authority;
  let app: RawServer;
  let proxy: RunningProxy;

  beforeAll(async () => {
    authority = await createAuthority({ trustDomain: 'cluster.local' });
    app = await namedServer('store');
    const listener = (port: number, protocol: string, tlsMode: string) => ({
      address,
      port,
      containerPort: port - 14_000,
      protocol,
      appAddress: app.address,
      appPort: app.port,
      tls: tlsMode,
    });
    const to = [
      { transport: 'TCP', ports: [1, 3, 5], http: { path: { prefix: '/books' } } },
      { transport: 'TCP', ports: [2, 4], anyHttp: true },
    ];
    proxy = await startProxy(
      {
        node: 'default/store-0',
        admin: { address, port: 0 },
        secret: await authority.issue(account('store')),
        resources: [
          workload({
            name: 'default/store-0',
            identity: account('store'),
            inboundPolicy: 'default/store',
            inbound: [
              listener(http, 'HTTP', 'PERMISSIVE'),
              listener(tcp, 'TCP', 'PERMISSIVE'),
              listener(httpOff, 'HTTP', 'OFF'),
              listener(tcpOff, 'TCP', 'OFF'),
              listener(strict, 'HTTP', 'STRICT'),
            ],
          }),
          policy('default/store', [{ rule: 'default/buyers', identities: [account('buyer')], to }], mode),
        ],
      },
      { log: () => {} },
    );
    await proxy.ready;
  });

  afterAll(async () => {
    await proxy.stop();
    app.close();
  });

  async function asPeer(name: string | undefined, port: number, text: string): Promise<string> {
    const svid = name === undefined ? undefined : await authority.issue(account(name));
    const socket = tls.connect({
      host: address,
      port,
      rejectUnauthorized: false,
      ...(svid === undefined ? {} : { cert: svid.certificateChain, key: svid.privateKey }),
    });
    socket.on('error', () => {});
    socket.write(text);
    return collect(socket);
  }

  async function bytes(port: number): Promise<string> {
    const socket = net.connect({ host: address, port });
    socket.on('error', () => {});
    socket.write(get('/'));
    const first = await new Promise<string>((resolve) => {
      socket.once('data', (piece) => resolve(piece.toString()));
      socket.once('close', () => resolve(''));
    });
    socket.destroy();
    return first;
  }

  test('a permissive port lets plain callers in, whatever they ask for', async () => {
    expect(await conversation(address, http, get('/books'))).toMatch(/^HTTP\/1.1 200 [\s\S]*store$/);
    expect(await conversation(address, http, get('/admin'))).toMatch(/^HTTP\/1.1 200 /);
    expect(await bytes(tcp)).toMatch(/store$/);
  });

  test('a permissive port holds those who prove an identity to the grants', async () => {
    expect(await asPeer('buyer', http, get('/books'))).toMatch(/^HTTP\/1.1 200 /);
    const refused = mode === 'DENY' ? /^HTTP\/1.1 403 / : /^HTTP\/1.1 200 /;
    expect(await asPeer('buyer', http, get('/admin'))).toMatch(refused);
    expect(await asPeer('thief', http, get('/books'))).toMatch(refused);
  });

  test('a permissive port does not take TLS without a certificate for plain', async () => {
    expect(await asPeer(undefined, http, get('/books'))).toBe('');
    expect(await asPeer(undefined, tcp, get('/books'))).toBe('');
  });

  test('a port without TLS takes plain callers only', async () => {
    expect(await conversation(address, httpOff, get('/books'))).toMatch(/^HTTP\/1.1 200 [\s\S]*store$/);
    expect(await bytes(tcpOff)).toMatch(/store$/);
    expect(await asPeer('buyer', httpOff, get('/books'))).toBe('');
  });

  test('a strict port takes no plain callers', async () => {
    const before = app.received.length;
    expect(await conversation(address, strict, get('/books'))).not.toContain('HTTP/1.1');
    expect(app.received.length).toBe(before);
  });

  test('plain callers are counted as such', async () => {
    const text = await metrics(proxy);
    expect(text).toMatch(
      /smi_requests_total\{direction="inbound",source_namespace="",.*verdict="unauthenticated"\} [1-9]/,
    );
    expect(text).toMatch(
      /smi_tcp_connections_total\{direction="inbound",source_namespace="",.*verdict="unauthenticated"\} [1-9]/,
    );
  });
});

describe('a permissive port', () => {
  test('lets a client wait for a server that speaks first', async () => {
    const address = ownAddress();
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    const greeting = net.createServer((socket) => socket.write('220 ready\r\n'));
    await new Promise<void>((resolve) => greeting.listen(0, address, resolve));
    const proxy = await startProxy(
      {
        node: 'default/mail-0',
        admin: { address, port: 0 },
        secret: await authority.issue(account('mail')),
        resources: [
          workload({
            name: 'default/mail-0',
            identity: account('mail'),
            inboundPolicy: 'default/mail',
            inbound: [
              {
                address,
                port: 14_025,
                containerPort: 25,
                protocol: 'TCP',
                appAddress: address,
                appPort: (greeting.address() as net.AddressInfo).port,
                tls: 'PERMISSIVE',
              },
            ],
          }),
          policy('default/mail', []),
        ],
      },
      { log: () => {} },
    );
    await proxy.ready;
    const socket = net.connect({ host: address, port: 14_025 });
    let heard = '';
    socket.on('data', (piece) => {
      heard += piece.toString();
    });
    await until(() => heard === '220 ready\r\n', 'the greeting');
    socket.destroy();
    await proxy.stop();
    greeting.close();
  });
});
