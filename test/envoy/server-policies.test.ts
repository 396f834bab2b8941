import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workloadId } from '../../src/model/ids.ts';
import type { JwtProvider, ServerPolicy } from '../../src/model/policy.ts';
import type { HttpMatch, InboundPolicy, MeshModel } from '../../src/model/types.ts';
import { envoyBinary } from '../support/envoy.ts';
import { allowed, listen, matching, sampleModel, weighted } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { openSocket } from '../support/mesh/envoy-process.ts';
import { RawClient } from '../support/mesh/http-client.ts';
import { envoyPlane } from '../support/mesh/plane-envoy.ts';
import { proxyPlane } from '../support/mesh/plane-proxy.ts';
import type { Plane } from '../support/mesh/planes.ts';
import { epoch, type Issuer, issuer, issuerName } from '../unit/proxy/auth/support.ts';

const { path: binary } = envoyBinary();
const planes: readonly Plane[] = binary === undefined ? [proxyPlane] : [proxyPlane, envoyPlane(binary)];

/** What came back, and what the program saw. */
interface Answer {
  readonly status: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly seen: Readonly<Record<string, string>>;
}

type Ask = (
  path: string,
  headers?: Readonly<Record<string, string>>,
  more?: { readonly method?: string; readonly from?: 'buyer' | 'thief' },
) => Promise<Answer>;

let range: AddressRange;
let credentials: Credentials;
let login: Issuer;
let stranger: Issuer;
let second: Issuer;
let keyServer: Server;

beforeAll(async () => {
  range = await takeAddressRange();
  credentials = await createCredentials();
  login = await issuer();
  stranger = await issuer();
  second = await issuer('RS256', 'two');
  keyServer = createServer((_, response) => response.end(second.jwks));
  await new Promise<void>((resolve) => keyServer.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  range.release();
  keyServer.close();
});

const providerOf = (more: Partial<JwtProvider> = {}): JwtProvider => ({
  issuer: issuerName,
  audiences: [],
  jwks: { inline: login.jwks },
  cache: 300_000,
  claimHeaders: {},
  forward: false,
  ...more,
});

const prefix = (value: string): HttpMatch => matching({ path: { kind: 'prefix', value } });
const bearer = async (claims: Readonly<Record<string, unknown>> = {}, of: Issuer = login) => ({
  authorization: `Bearer ${await of.sign({ exp: epoch + 10 ** 9, ...claims })}`,
});

type Layer = NonNullable<InboundPolicy['policies']>[number];

const layer = (policy: string, matches: Layer['matches'], fields: ServerPolicy): Layer => ({
  ...{ policy: `default/${policy}`, matches, fields },
  ...{ ports: [15_001], origins: [] },
});

/** The sample mesh where `store-v1` asks something. */
function guarded(policies: readonly Layer[]): MeshModel {
  const user = {
    headers: [{ name: 'x-groups', re2: '(?s:.*)admin(?s:.*)' }],
    path: { kind: 'prefix', value: '/admin' },
  } as const;
  const grants = [
    allowed('buyer', [{ http: matching({ path: { kind: 'prefix', value: '/b' } }) }, { http: matching(user) }]),
  ];
  const model = sampleModel({ base: range.base, grants, rules: [weighted(1, 0)] });
  const { set } = model.workloads[workloadId('default', 'store-v1')]!;
  const inbound = { ...model.inbound[set]!, policies: policies as NonNullable<InboundPolicy['policies']> };
  return { ...model, inbound: { ...model.inbound, [set]: inbound } };
}

describe.each(planes)('what TrafficPolicies ask of requests, by $name', (plane) => {
  /** Runs the mesh for one test. */
  async function withMesh(policies: readonly Layer[], use: (ask: Ask) => Promise<void>): Promise<void> {
    const model = guarded(policies);
    const ids = ['store-v1', 'buyer', 'thief'].map((name) => workloadId('default', name));
    const stops = [await startPrograms(model), await plane.start(model, ids, credentials)];
    const clients = new Map(
      (['buyer', 'thief'] as const).map((name, index) => [
        name,
        new RawClient(() => openSocket({ host: `127.${range.base}.0.${index + 1}`, port: listen.store })),
      ]),
    );
    try {
      await use(async (path, headers = {}, { method = 'GET', from = 'buyer' } = {}) => {
        const lines = [['Host', 'store'], ...Object.entries(headers)] as [string, string][];
        const response = await clients.get(from)!.send({ method, path, headers: lines });
        if (response.kind === 'ended') throw new Error(response.reason);
        const { headers: fields, status } = response;
        return { status, fields, seen: response.body.startsWith('{') ? JSON.parse(response.body).headers : {} };
      });
    } finally {
      for (const client of clients.values()) client.close();
      for (const stop of stops.reverse()) await stop();
    }
  }

  it('asks for a token before it asks about access, and after the form of the path', async () => {
    const shop = layer('shop', 'any', {
      authentication: { jwt: [providerOf({ audiences: ['store'] })], required: true },
    });
    await withMesh([shop], async (ask) => {
      expect((await ask('/b')).status).toBe(401);
      expect((await ask('/b', {}, { from: 'thief' })).status).toBe(401);
      expect((await ask('/b%2f')).status).toBe(400);
      expect((await ask('/b', { authorization: 'Basic YTpi' })).status).toBe(401);
      const { status, seen } = await ask('/b', await bearer());
      expect(status).toBe(200);
      expect(seen).not.toHaveProperty('authorization');
      expect((await ask('/b', await bearer(), { from: 'thief' })).status).toBe(403);
      for (const bad of [{ aud: 'others' }, { exp: 1000 }, { exp: undefined }, { iss: 'https://other.example' }]) {
        expect((await ask('/b', await bearer(bad))).status, JSON.stringify(bad)).toBe(401);
      }
      const forged = await ask('/b', await bearer({}, stranger));
      expect(forged.status).toBe(401);
      expect(forged.fields.get('www-authenticate')).toMatch(/^Bearer .*error="invalid_token"/);
      expect((await ask('/b', { authorization: 'Bearer x.y.z' })).status).toBe(401);
    });
  }, 60_000);

  it('makes claims into headers that grants can ask for, and lets nobody bring them along', async () => {
    const claimHeaders = { sub: 'x-user', groups: 'x-groups', level: 'x-level', active: 'x-active', 'a.b': 'x-dotted' };
    const shop = layer('shop', 'any', {
      authentication: { jwt: [providerOf({ claimHeaders, forward: true })], required: false },
    });
    await withMesh([shop], async (ask) => {
      const spoof = { 'x-user': 'root', 'x-groups': 'admin' };
      const anonymous = await ask('/b', spoof);
      expect(anonymous.status).toBe(200);
      expect(anonymous.seen).not.toHaveProperty('x-user');
      expect((await ask('/admin', spoof)).status).toBe(403);
      const claims = { sub: 'ann lee', groups: ['ops', 'admin'], level: 1_234_567_890_123, active: true, 'a.b': 0.1 };
      const token = await bearer(claims);
      const known = await ask('/admin', { ...spoof, ...token });
      expect(known.status).toBe(200);
      const { sub: _, ...texts } = {
        'x-user': 'ann lee',
        'x-groups': 'ops,admin',
        'x-level': '1234567890123',
        sub: '',
      };
      expect(known.seen).toMatchObject({ ...texts, 'x-active': 'true', 'x-dotted': '0.1', ...token });
      expect((await ask('/admin', await bearer({ groups: ['ops'] }))).status).toBe(403);
      const odd = await ask('/b', { ...spoof, ...(await bearer({ sub: 'a\r\nb', groups: ['a,b'], level: {} })) });
      expect(odd.status).toBe(200);
      for (const name of ['x-user', 'x-groups', 'x-level']) expect(odd.seen).not.toHaveProperty(name);
      // A token that is there must be good.
      expect((await ask('/b', await bearer({}, stranger))).status).toBe(401);
      expect((await ask('/b', await bearer({ iss: 'https://other.example' }))).status).toBe(401);
    });
  }, 60_000);

  it('holds a request to every policy that covers it, with keys from elsewhere too', async () => {
    const { port } = keyServer.address() as AddressInfo;
    const other = providerOf({
      issuer: 'https://two.example',
      jwks: { url: `http://127.0.0.1:${port}/keys` },
      fromHeader: 'x-second',
      claimHeaders: { sub: 'x-user' },
    });
    const policies = [
      layer('strict', [prefix('/b/strict')], { authentication: { jwt: [other], required: true } }),
      layer('shop', 'any', {
        authentication: { jwt: [providerOf({ claimHeaders: { sub: 'x-user' } })], required: true },
      }),
    ];
    await withMesh(policies, async (ask) => {
      const first = await bearer({ sub: 'first' });
      const token = await second.sign({ iss: 'https://two.example', sub: 'second', exp: epoch + 10 ** 9 });
      await expect
        .poll(async () => (await ask('/b/strict', { ...first, 'x-second': token })).status, { timeout: 20_000 })
        .toBe(200);
      expect((await ask('/b', first)).seen['x-user']).toBe('first');
      expect((await ask('/b/strict', first)).status).toBe(401);
      expect((await ask('/b/strict?x', { 'x-second': token })).status).toBe(401);
      const both = await ask('/b/strict', { ...first, 'x-second': token });
      expect(both.seen).toMatchObject({ 'x-user': 'second' });
      expect(both.seen).not.toHaveProperty('x-second');
      expect(both.seen).not.toHaveProperty('authorization');
      expect((await ask('/b', { ...first, 'x-second': 'bad' })).status).toBe(200);
    });
  }, 60_000);

  it('takes what everybody sends until it is too much', async () => {
    const limit = { requests: 2, period: 600_000, burst: 1, per: 'all' } as const;
    await withMesh([layer('shop', 'any', { rateLimit: limit })], async (ask) => {
      // Refused requests do not count.
      for (const _ of [1, 2, 3, 4]) expect((await ask('/b', {}, { from: 'thief' })).status).toBe(403);
      for (const _ of [1, 2, 3]) expect((await ask('/b')).status).toBe(200);
      const over = await ask('/b');
      expect(over.status).toBe(429);
      expect(Number(over.fields.get('retry-after'))).toBeGreaterThan(200);
      const grpc = await ask('/b', { 'content-type': 'application/grpc' }, { method: 'POST' });
      expect([grpc.status, grpc.fields.get('grpc-status')]).toEqual([200, '8']);
    });
  }, 60_000);

  it('counts each identity, or each value of a header, for itself, where the policy covers the request', async () => {
    const identity = layer('id', [prefix('/b/id')], {
      rateLimit: { requests: 1, period: 600_000, burst: 0, per: 'identity' },
    });
    const header = layer('key', [prefix('/b/key')], {
      rateLimit: { requests: 2, period: 600_000, burst: 0, per: { header: 'x-key' } },
    });
    await withMesh([identity, header], async (ask) => {
      expect((await ask('/b/id')).status).toBe(200);
      expect((await ask('/b/id?q')).status).toBe(429);
      expect((await ask('/b/other')).status).toBe(200);
      for (const key of ['one', 'two']) {
        expect((await ask('/b/key', { 'x-key': key })).status).toBe(200);
        expect((await ask('/b/key', { 'x-key': key })).status).toBe(200);
        expect((await ask('/b/key', { 'x-key': key })).status).toBe(429);
      }
      expect((await ask('/b/key')).status).toBe(200);
      expect((await ask('/b/key')).status).toBe(200);
      expect((await ask('/b/key')).status).toBe(429);
    });
  }, 60_000);
});
