import http from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { type RunningProxy, startProxy } from '../../../src/proxy/index.ts';
import type { RequestRecord } from '../../../src/telemetry/record.ts';
import type { TapLine } from '../../../src/telemetry/tap-endpoint.ts';
import {
  conversation,
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
const origin = { object: 'access.smi-spec.io/TrafficTarget/default/buyers', path: 'spec.rules[0]' };

/** What `/tap` of a proxy says. */
class Onlooker {
  readonly lines: TapLine[] = [];
  status = 0;
  readonly #request: http.ClientRequest;

  constructor({ adminAddress: { address, port } }: RunningProxy, query: string) {
    this.#request = http.get({ host: address, port, path: `/tap${query}`, agent: false }, (response) => {
      this.status = response.statusCode ?? 0;
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        const parts = `${text}${chunk}`.split('\n');
        text = parts.pop() ?? '';
        if (this.status === 200) this.lines.push(...parts.map((line) => JSON.parse(line) as TapLine));
      });
      response.on('error', () => {});
    });
    this.#request.on('error', () => {});
  }

  get records(): readonly RequestRecord[] {
    return this.lines.flatMap((line) => ('record' in line ? [line.record] : []));
  }

  /** Until it is counted among those who look: the first line says so. */
  async open(): Promise<this> {
    await until(() => this.lines.length > 0, 'the tap');
    return this;
  }

  close(): void {
    this.#request.destroy();
  }
}

describe('the tap of proxies', () => {
  const [serverAddress, buyerAddress, thiefAddress] = [ownAddress(), ownAddress(), ownAddress()];
  let app: RawServer;
  let server: RunningProxy;
  let buyer: RunningProxy;
  let thief: RunningProxy;

  beforeAll(async () => {
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    app = await namedServer('store');
    const inbound = { address: serverAddress, port: 14001, containerPort: 80, protocol: 'HTTP' };
    const to = [{ transport: 'TCP', ports: [80], http: { methods: ['GET'], path: { prefix: '/books' } } }];
    const start = async (name: string, address: string, resources: Parameters<typeof startProxy>[0]['resources']) =>
      startProxy(
        {
          node: `default/${name}`,
          admin: { address, port: 0 },
          secret: await authority.issue(account(name)),
          ...(resources === undefined ? {} : { resources }),
        },
        { log: () => {} },
      );
    const client = (name: string, address: string) =>
      start(name, address, [
        workload({
          name: `default/${name}`,
          identity: account(name),
          outbound: [{ address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] }],
        }),
        service('store', 80, { store: 1 }),
        endpoints('store', 80, [
          { address: serverAddress, port: 14001, identity: account('store'), workload: 'default/store' },
        ]),
      ]);
    server = await start('store', serverAddress, [
      workload({
        name: 'default/store',
        identity: account('store'),
        inboundPolicy: 'default/store',
        inbound: [{ ...inbound, appAddress: app.address, appPort: app.port }],
      }),
      policy('default/store', [{ rule: 'default/buyers', identities: [account('buyer')], to, origins: [origin] }]),
    ]);
    buyer = await client('buyer', buyerAddress);
    thief = await client('thief', thiefAddress);
    await Promise.all([server.ready, buyer.ready, thief.ready]);
  });

  afterAll(async () => {
    await Promise.all([server, buyer, thief].map((proxy) => proxy.stop()));
    app.close();
  });

  const ask = (address: string, path: string, fields = '') =>
    conversation(address, 20000, `GET ${path} HTTP/1.1\r\nHost: store\r\n${fields}Connection: close\r\n\r\n`);

  test('both sides report one request, each with what it knows', async () => {
    const [at, from] = [await new Onlooker(server, '').open(), await new Onlooker(buyer, '').open()];
    await ask(buyerAddress, '/books/1?key=secret');
    await until(() => at.records.length + from.records.length === 2, 'two records');
    expect(from.records[0]).toMatchObject({
      direction: 'outbound',
      protocol: 'http1',
      source: { workload: 'default/buyer', namespace: 'default' },
      destination: { service: 'default/store:80', workload: 'default/store', identity: account('store') },
      method: 'GET',
      path: '/books/1',
      code: 200,
      verdict: 'forwarded',
      retries: 0,
    });
    expect(at.records[0]).toMatchObject({
      direction: 'inbound',
      protocol: 'http2',
      source: { namespace: 'default', identity: account('buyer') },
      destination: { workload: 'default/store' },
      verdict: 'allowed',
      rule: 'default/buyers',
      origin,
    });
    const [{ millis, answeredMillis, responseBytes } = { millis: 0, answeredMillis: 0, responseBytes: 0 }] =
      from.records;
    expect(answeredMillis).toBeLessThanOrEqual(millis);
    expect(responseBytes).toBeGreaterThan(0);
    expect(JSON.stringify([at.records, from.records])).not.toContain('secret');
    at.close();
    from.close();
  });

  test('a denied request names the rule that came nearest, and where it stands', async () => {
    const at = await new Onlooker(server, '?verdict=denied').open();
    await ask(buyerAddress, '/books/2');
    await ask(thiefAddress, '/books/3');
    await until(() => at.records.length > 0, 'the denied request');
    expect(at.records).toHaveLength(1);
    expect(at.records[0]).toMatchObject({
      code: 403,
      verdict: 'denied',
      rule: 'default/buyers',
      origin,
      source: { identity: account('thief') },
    });
    at.close();
  });

  test('headers come when they are asked for, secrets never', async () => {
    const from = await new Onlooker(buyer, '?headers=true&header=x-user=a*&redact=x-pin').open();
    await ask(buyerAddress, '/books/4', 'X-User: bob\r\n');
    await ask(buyerAddress, '/books/5', 'X-User: ann\r\nAuthorization: Bearer secret\r\nX-Pin: secret\r\n');
    await until(() => from.records.length > 0, 'the request of ann');
    expect(from.records.map(({ path }) => path)).toEqual(['/books/5']);
    expect(from.records[0]?.requestHeaders).toContainEqual(['x-user', 'ann']);
    expect(JSON.stringify(from.records)).not.toContain('secret');
    from.close();
  });

  test('what cannot be read is refused, and the proxy goes on', async () => {
    const wrong = new Onlooker(buyer, '?stats=200');
    await until(() => wrong.status > 0, 'an answer');
    expect(wrong.status).toBe(400);
    wrong.close();
    expect(await ask(buyerAddress, '/books/6')).toContain('200');
  });
});
