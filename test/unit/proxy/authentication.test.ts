import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import { type Issuer, issuer, issuerName } from './auth/support.ts';
import {
  conversation,
  endpoints,
  ownAddress,
  policy,
  type RawServer,
  rawServer,
  service,
  until,
  workload,
} from './support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);
const hour = () => Math.floor(Date.now() / 1000) + 3_600;

describe('end users at a server', () => {
  const [near, far] = [ownAddress(), ownAddress()];
  const proxies: RunningProxy[] = [];
  const lines: string[] = [];
  let app: RawServer;
  let keys: http.Server;
  let keysDown = true;
  let idp: Issuer;
  let other: Issuer;

  beforeAll(async () => {
    [idp, other] = [await issuer('ES256', 'idp'), await issuer('RS256', 'other')];
    // Says what it got, head only.
    app = await rawServer((socket, received) => {
      if (!received.endsWith('\r\n\r\n')) return;
      const head = received.slice(received.lastIndexOf('\r\n\r\n', received.length - 5) + 1).trim();
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${head.length}\r\n\r\n${head}`);
    });
    keys = http.createServer((_request, response) => {
      if (keysDown) response.writeHead(500).end();
      else response.end(other.jwks);
    });
    await new Promise<void>((resolve) => keys.listen(0, '127.0.0.1', resolve));
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    const url = `http://127.0.0.1:${(keys.address() as AddressInfo).port}/keys`;
    const start = async (node: string, address: string, resources: StaticResource[]) => {
      const name = node.slice('default/'.length);
      const secret = await authority.issue(account(name));
      const proxy = await startProxy(
        { node, admin: { address, port: 0 }, secret, resources },
        { log: (line) => lines.push(line) },
      );
      proxies.push(proxy);
      await proxy.ready;
    };
    const inbound = {
      address: far,
      port: 14_001,
      containerPort: 80,
      protocol: 'HTTP',
      appAddress: app.address,
      appPort: app.port,
    };
    const to = (path: string, headers: object[]) => [
      { transport: 'TCP', ports: [80], http: { path: { prefix: path }, headers } },
    ];
    const identities = [account('web')];
    await start('default/store', far, [
      workload({ name: 'default/store', identity: account('store'), inboundPolicy: 'p', inbound: [inbound] }),
      {
        ...policy('p', [
          { rule: 'default/staff', identities, to: to('/admin', [{ name: 'x-groups', regex: '(.*,)?admin(,.*)?' }]) },
          { rule: 'default/all', identities, to: to('/open', []) },
          { rule: 'default/all', identities, to: to('/account', []) },
          { rule: 'default/all', identities, to: to('/partner', []) },
        ]),
        policies: [
          {
            policy: 'default/partners',
            ports: [80],
            matches: [{ path: { prefix: '/partner' } }],
            authentication: {
              jwt: [
                {
                  issuer: 'partner',
                  url,
                  fromHeader: 'x-partner-token',
                  claimHeaders: [{ claim: 'org', header: 'x-org' }],
                  forward: true,
                },
              ],
              required: true,
            },
          },
          {
            policy: 'default/users',
            ports: [80],
            any: true,
            authentication: {
              jwt: [
                {
                  issuer: issuerName,
                  audiences: ['store'],
                  inline: idp.jwks,
                  claimHeaders: [
                    { claim: 'sub', header: 'x-user' },
                    { claim: 'groups', header: 'x-groups' },
                  ],
                },
              ],
            },
          },
          {
            policy: 'default/account',
            ports: [80],
            matches: [{ path: { prefix: '/account' } }],
            authentication: { jwt: [{ issuer: issuerName, audiences: ['store'], inline: idp.jwks }], required: true },
          },
        ],
      },
    ]);
    const outbound = [{ address: near, port: 20_000, protocol: 'HTTP', services: ['default/store:80'] }];
    await start('default/web', near, [
      workload({ name: 'default/web', identity: account('web'), outbound }),
      service('store', 80, { store: 1 }),
      endpoints('store', 80, [{ address: far, port: 14_001, identity: account('store') }]),
    ]);
  });

  afterAll(async () => {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    app.close();
    keys.close();
    keys.closeAllConnections();
  });

  function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return conversation(
      near,
      20_000,
      `GET ${path} HTTP/1.1\r\nHost: store\r\nConnection: close\r\n${fields.join('')}\r\n`,
    );
  }

  const bearer = async (claims: object) => ({ Authorization: `Bearer ${await idp.sign({ exp: hour(), ...claims })}` });

  test('are granted by the claims of their token, which the program sees as headers', async () => {
    const answer = await get('/admin', await bearer({ sub: 'ann', groups: ['staff', 'admin'] }));
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).toContain('x-user: ann');
    expect(answer).toContain('x-groups: staff,admin');
    expect(answer.toLowerCase()).not.toContain('authorization');
  });

  test('are refused what their claims do not grant', async () => {
    expect(await get('/admin', await bearer({ sub: 'bob', groups: ['staff'] }))).toMatch(/^HTTP\/1.1 403 /);
    expect(await get('/admin')).toMatch(/^HTTP\/1.1 403 /);
  });

  test('cannot write the headers of claims themselves', async () => {
    const forged = { 'X-Groups': 'admin', 'x-user': 'root', 'X-Org': 'acme' };
    expect(await get('/admin', forged)).toMatch(/^HTTP\/1.1 403 /);
    expect(await get('/admin', { ...forged, ...(await bearer({ sub: 'bob' })) })).toMatch(/^HTTP\/1.1 403 /);
    const answer = await get('/open', forged);
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(answer).not.toMatch(/x-groups|x-user|x-org/i);
  });

  test('need a token where one is required, and a good one everywhere', async () => {
    expect(await get('/account')).toMatch(/^HTTP\/1.1 401 [\s\S]*www-authenticate: Bearer\r\n/i);
    expect(await get('/account', await bearer({}))).toMatch(/^HTTP\/1.1 200 /);
    for (const path of ['/account', '/open']) {
      const expired = await bearer({ exp: 1_000 });
      expect(await get(path, expired)).toMatch(/^HTTP\/1.1 401 [\s\S]*www-authenticate: Bearer error="invalid_token"/i);
    }
    const body = await get('/open', { Authorization: 'Bearer nonsense' });
    expect(body).toMatch(/^HTTP\/1.1 401 /);
    expect(body).not.toContain('default/users');
    expect(lines.join('\n')).toContain('policy=default/users');
  });

  test('are answered 503 while nobody can tell, and let in once the keys are there', async () => {
    const token = { 'X-Partner-Token': await other.sign({ iss: 'partner', org: 'acme', exp: hour() }) };
    expect(await get('/partner', token)).toMatch(/^HTTP\/1.1 503 /);
    keysDown = false;
    await until(async () => (await get('/partner', token)).startsWith('HTTP/1.1 200'), 'the keys');
    const answer = await get('/partner', token);
    expect(answer).toContain('x-org: acme');
    expect(answer.toLowerCase()).toContain('x-partner-token: ');
    expect(await get('/partner')).toMatch(/^HTTP\/1.1 401 /);
  });

  test('of requests that follow one another on a connection are told apart', async () => {
    const socket = net.connect({ host: near, port: 20_000 });
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
    });
    const ask = async (sub: string) =>
      `GET /open/${sub} HTTP/1.1\r\nHost: store\r\nAuthorization: ${(await bearer({ sub })).Authorization}\r\n\r\n`;
    const nobodys = 'GET /open/nobody HTTP/1.1\r\nHost: store\r\n\r\n';
    socket.write([await ask('ann'), await ask('bob'), nobodys].join(''));
    await until(() => text.split('HTTP/1.1 200').length === 4 && text.includes('/open/nobody'), 'three answers');
    const [, ann, bob, nobody] = text.split('HTTP/1.1 200');
    expect(ann).toMatch(/\/open\/ann [\s\S]*x-user: ann/);
    expect(bob).toMatch(/\/open\/bob [\s\S]*x-user: bob/);
    expect(nobody).not.toContain('x-user');
    socket.destroy();
  });
});
