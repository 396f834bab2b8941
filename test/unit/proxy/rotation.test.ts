import http from 'node:http';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Authority, createAuthority, type Svid } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, type StaticResource, startProxy } from '../../../src/proxy/index.ts';
import { limits } from '../../../src/proxy/limits.ts';
import { HttpListener } from '../../../src/proxy/listeners/http.ts';
import { ANSWER, compilePhases } from '../../../src/proxy/phases/phase.ts';
import type { Tickable, Ticker } from '../../../src/proxy/ticker.ts';
import { tlsMaterial } from '../../../src/proxy/tls/material.ts';
import { controlPlane, type TestControlPlane } from './support/control-plane.ts';
import {
  endpoints,
  namedServer,
  ownAddress,
  policy,
  type RawServer,
  service,
  until,
  workload,
} from './support/mesh.ts';

const account = (name: string) => spiffeId('cluster.local', 'default', name);

describe('rotation under load', () => {
  const [near, far] = [ownAddress(), ownAddress()];
  const planeAddress = ownAddress();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  const proxies: RunningProxy[] = [];
  let old: Authority;
  let next: Authority;
  let plane: TestControlPlane;
  let app: RawServer;
  const outcomes = { answered: 0, failed: [] as string[] };
  let running = true;
  const clients: Promise<void>[] = [];

  beforeAll(async () => {
    [old, next] = [
      await createAuthority({ trustDomain: 'cluster.local' }),
      await createAuthority({ trustDomain: 'cluster.local' }),
    ];
    app = await namedServer('store');
    plane = await controlPlane(old, planeAddress);
    await publish(old, old.trustBundle);
    for (const [name, address] of [
      ['store', far],
      ['web', near],
    ] as const) {
      const proxy = await startProxy(
        {
          node: `default/${name}`,
          admin: { address, port: 0 },
          secret: await old.issue(account(name)),
          ads: {
            address: planeAddress,
            port: plane.port,
            serverIdentity: spiffeId('cluster.local', 'smi-mesh', 'controller'),
          },
        },
        { log: () => {} },
      );
      proxies.push(proxy);
      await proxy.ready;
    }
    clients.push(...Array.from({ length: 8 }, (_, index) => keepAsking(index % 2 === 0 ? 'GET' : 'POST')));
    await more(50);
  });

  afterAll(async () => {
    running = false;
    await Promise.all(clients);
    agent.destroy();
    await Promise.all(proxies.map((proxy) => proxy.stop()));
    plane.server.close();
    app.close();
  });

  async function publish(authority: Authority, trustBundle: string): Promise<void> {
    const secret = async (name: string): Promise<StaticResource> => ({
      typeUrl: 'type.googleapis.com/smi.proxy.v1.Secret',
      name: account(name),
      ...(await authority.issue(account(name))),
      trustBundle,
    });
    const inbound = {
      address: far,
      port: 14_001,
      containerPort: 80,
      protocol: 'HTTP',
      appAddress: app.address,
      appPort: app.port,
    };
    const to = [{ transport: 'TCP', ports: [80], anyHttp: true }];
    plane.serve('default/store', [
      await secret('store'),
      workload({ name: 'default/store', identity: account('store'), inboundPolicy: 'p', inbound: [inbound] }),
      policy('p', [{ rule: 'default/web', identities: [account('web')], to }]),
    ]);
    const outbound = [{ address: near, port: 20_000, protocol: 'HTTP', services: ['default/store:80'] }];
    plane.serve('default/web', [
      await secret('web'),
      workload({ name: 'default/web', identity: account('web'), outbound, inboundPolicy: 'p' }),
      policy('p', []),
      service('store', 80, { store: 1 }),
      endpoints('store', 80, [{ address: far, port: 14_001, identity: account('store') }]),
    ]);
  }

  async function keepAsking(method: string): Promise<void> {
    while (running) {
      const problem = await ask(method);
      if (problem === undefined) outcomes.answered++;
      else outcomes.failed.push(problem);
    }
  }

  /** Without a retry; the problem, if there is one. */
  function ask(method: string): Promise<string | undefined> {
    return new Promise((resolve) => {
      const request = http.request(
        { agent, host: near, port: 20_000, method, headers: { host: 'store' } },
        (answer) => {
          answer
            .resume()
            .on('end', () => resolve(answer.statusCode === 200 ? undefined : `status ${answer.statusCode}`));
        },
      );
      request.on('error', (error) => resolve(error.message));
      request.end();
    });
  }

  async function more(requests: number): Promise<void> {
    const enough = outcomes.answered + requests;
    await until(() => outcomes.answered >= enough || outcomes.failed.length > 0, 'more answers');
  }

  /** The certificate that new connections to the server's proxy see; nothing when it refuses this client. */
  function certificate({ certificateChain: cert, privateKey: key }: Svid): Promise<string | undefined> {
    return new Promise((resolve) => {
      const socket = tls.connect({ host: far, port: 14_001, rejectUnauthorized: false, cert, key });
      let seen: string | undefined;
      socket.once('secureConnect', () => {
        seen = socket.getPeerX509Certificate()?.fingerprint256;
        socket.write('GET / HTTP/1.1\r\nHost: store\r\nConnection: close\r\n\r\n');
      });
      let answered = false;
      socket.on('data', () => {
        answered = true;
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answered ? seen : undefined));
    });
  }

  async function rotate(authority: Authority, trustBundle: string): Promise<void> {
    const asked = await authority.issue(account('web'));
    const before = await certificate(asked);
    await publish(authority, trustBundle);
    await until(async () => {
      const now = await certificate(asked);
      return now !== undefined && now !== before;
    }, 'the new certificate');
    await more(50);
  }

  test('of certificates and of the authority, no request fails', async () => {
    for (let turn = 0; turn < 3; turn++) await rotate(old, old.trustBundle);
    await rotate(old, old.trustBundle + next.trustBundle);
    await rotate(next, old.trustBundle + next.trustBundle);
    await rotate(next, next.trustBundle);
    expect(outcomes.failed).toEqual([]);
    expect(outcomes.answered).toBeGreaterThan(300);
    expect(await certificate(await old.issue(account('web')))).toBeUndefined();
  }, 120_000);
});

describe('a connection whose peer proved an identity', () => {
  class ManualTicker {
    now = 0;
    readonly members = new Set<Tickable>();
    add(member: Tickable): void {
      this.members.add(member);
    }
    remove(member: Tickable): void {
      this.members.delete(member);
    }
    pass(millis: number): void {
      this.now += millis;
      for (const member of [...this.members]) member.tick(this.now);
    }
  }

  test('ends with an answer when it is old, and not before', async () => {
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    const material = tlsMaterial(await authority.issue(account('store')));
    if (!material.ok) throw new Error(material.error);
    const ticker = new ManualTicker();
    const phases = compilePhases([
      {
        name: 'answer',
        request: (exchange) => {
          exchange.status = 404;
          return ANSWER;
        },
      },
    ]);
    const listener = new HttpListener(ticker as unknown as Ticker, { admission: 'mutual-tls', phases }, material.value);
    const address = ownAddress();
    await listener.listen(address, 14_001);
    const { certificateChain: cert, privateKey: key } = await authority.issue(account('web'));
    const socket = tls.connect({ host: address, port: 14_001, rejectUnauthorized: false, cert, key });
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
    });
    const answers = () => text.split('HTTP/1.1 404').length - 1;
    const ask = async () => {
      const wanted = answers() + 1;
      socket.write('GET / HTTP/1.1\r\nHost: store\r\n\r\n');
      await until(() => answers() === wanted && text.endsWith('\n'), 'the answer');
    };
    await ask();
    const step = limits.idleMillis / 2;
    for (let age = step; age < limits.connectionAgeMillis; age += step) {
      ticker.pass(step);
      await ask();
    }
    expect(text).not.toContain('connection: close');
    ticker.pass(step);
    await ask();
    expect(text).toContain('connection: close');
    await until(() => socket.closed, 'the end');
    listener.destroy();
  });
});
