import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Grant, MeshModel, WorkloadId } from '../../src/adapter/index.ts';
import { workloadId } from '../../src/model/ids.ts';
import { envoyBinary } from '../support/envoy.ts';
import { allowed, listen, matching, type SampleOptions, sampleModel, weighted } from '../support/envoy-model.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import type { CaseRequest, Credential, HttpTraffic } from '../support/mesh/cases.ts';
import { type Credentials, createCredentials } from '../support/mesh/credentials.ts';
import { startPrograms } from '../support/mesh/echo.ts';
import { Exchange, type Observation, randomHeader } from '../support/mesh/exchange.ts';
import { RawClient, type RawResponse } from '../support/mesh/http-client.ts';
import { envoyPlane, validateBootstraps } from '../support/mesh/plane-envoy.ts';

const { path: binary = '', reason } = envoyBinary();
const id = (name: string): WorkloadId => workloadId('default', name);

let range: AddressRange;
let credentials: Credentials;

const grants: readonly Grant[] = [
  allowed('buyer', [
    { ports: [15_001], http: matching({ methods: ['GET'], path: { kind: 'regex', re2: '/books(?s:.*)' } }) },
    { ports: [15_002] },
  ]),
];

describe.skipIf(binary === '')(
  `the Envoy adapter, with the real Envoy${reason === undefined ? '' : `: ${reason}`}`,
  () => {
    beforeAll(async () => {
      range = await takeAddressRange();
      credentials = await createCredentials();
    });
    afterAll(() => range.release());

    it.each(['deny', 'audit', 'allow'] as const)('emits bootstraps that Envoy accepts, mode %s', async (mode) => {
      // The largest sum that a split may have.
      const rules = [weighted(2 ** 32 - 2, 1)] as const;
      for (const clients of [{}, { clients: 'intercepted' }] as const) {
        const model = sampleModel({ base: range.base, mode, rules, grants, ...clients });
        await validateBootstraps(binary, model, Object.keys(model.workloads) as WorkloadId[], credentials);
      }
    });

    describe('under deny', () => {
      const mesh = useMesh({ grants });

      it('chooses backends by their weights, in order', async () => {
        const seen = await Promise.all([0, 89, 90, 99, 100].map((value) => mesh.http('buyer', 'store', {}, value)));
        expect(seen.map(({ workload }) => workload?.replace('default/', ''))).toEqual([
          ...['store-v1', 'store-v1', 'store-v2', 'store-v2', 'store-v1'],
        ]);
      });

      it("refuses what no grant covers at the server's side", async () => {
        expect((await mesh.http('buyer', 'store')).answer).toBe(200);
        expect((await mesh.http('buyer', 'store', { method: 'POST' })).answer).toBe(403);
        expect((await mesh.http('buyer', 'store', { path: '/admin' })).answer).toBe(403);
        expect((await mesh.http('thief', 'store')).answer).toBe(403);
        expect((await mesh.peer('thief', 'issued')).answer).toBe(403);
        expect((await mesh.peer('buyer', 'issued')).answer).toBe(200);
      });

      it.each(['forged', 'other-authority', 'no-certificate', 'plain-text'] as const)(
        'lets in no %s peer',
        async (credential) => {
          expect((await mesh.peer('buyer', credential)).answer).toBe('refused');
        },
      );

      it('decides about the normal form of a path and forwards it', async () => {
        expect(await mesh.peer('buyer', 'issued', '//books')).toMatchObject({ answer: 200, seen: '/books' });
        expect(await mesh.peer('thief', 'issued', '//books')).toMatchObject({ answer: 403 });
        expect(await mesh.peer('buyer', 'issued', '/books/%2e%2e/x')).toMatchObject({ answer: 403 });
        expect(await mesh.peer('buyer', 'issued', '/books/..;/x')).toMatchObject({ answer: 400 });
        expect(await mesh.peer('thief', 'issued', '/books/..;/x')).toMatchObject({ answer: 400 });
      });

      it('gives a request no more time than its caller has, and an uninvited caller no other answer', async () => {
        const over = { 'x-smi-deadline-ms': '0' };
        expect(await mesh.peer('buyer', 'issued', '/books', over)).toMatchObject({ answer: 504 });
        expect(await mesh.peer('buyer', 'issued', '/books', { 'x-smi-deadline-ms': '20000' })).toMatchObject({
          answer: 200,
        });
        expect(await mesh.peer('thief', 'issued', '/books', over)).toMatchObject({ answer: 403 });
      });

      it('sends all requests to a sidecar over one connection', async () => {
        const headers = [
          ['Host', 'store'],
          [randomHeader, '0'],
        ] as const;
        const clients = Array.from({ length: 8 }, () => mesh.client('buyer', 'store'));
        await Promise.all(clients.map((client) => client.send({ method: 'GET', path: '/books', headers })));
        for (const client of clients) client.close();
        const admin = new RawClient(() => open(`127.${range.base}.0.1`, 15_001));
        const path = '/stats?filter=store-v1.*upstream_cx_http[12]_total';
        const stats = body(await admin.send({ method: 'GET', path, headers: [['Host', 'admin']] }));
        admin.close();
        expect(stats).toMatch(/upstream_cx_http2_total: 1\n/);
        expect(stats).toMatch(/upstream_cx_http1_total: 0\n/);
      });

      it('answers 404 to an authority that is not of the service', async () => {
        const host = (value: string | readonly string[]) => mesh.http('buyer', 'store', { headers: { host: value } });
        expect((await host('STORE.default.svc:80')).answer).toBe(200);
        expect((await host(`127.${range.base}.0.1:${listen.store}`)).answer).toBe(200);
        expect((await host('database')).answer).toBe(404);
        expect((await host('store:81')).answer).toBe(404);
        expect((await host(['store', 'database'])).answer).toBe(400);
        const absolute = await mesh.http('buyer', 'store', { path: 'http://store-v2/books' });
        expect(absolute.answer).toBe(400);
      });

      it('closes a connection that is not granted before the server says a word', async () => {
        expect(await mesh.tcp('buyer')).toMatchObject({ answer: 'connected', workload: 'default/store-v1' });
        expect(await mesh.tcp('thief')).toMatchObject({ answer: 'closed' });
      });

      it('speaks plain text to a workload without sidecar', async () => {
        expect(await mesh.http('thief', 'legacy')).toMatchObject({ answer: 200, workload: 'default/legacy' });
      });

      it('adds no header to requests but x-forwarded-proto', async () => {
        const client = mesh.client('buyer', 'legacy');
        const response = await client.send({
          method: 'GET',
          path: '/',
          headers: [
            ['Host', 'legacy'],
            ['X-Mine', 'a'],
          ],
        });
        client.close();
        const { headers } = JSON.parse(body(response)) as { headers: Record<string, string> };
        expect(headers).toEqual({ host: 'legacy', 'x-mine': 'a', 'x-forwarded-proto': 'http' });
      });
    });

    describe('under audit', () => {
      const mesh = useMesh({ mode: 'audit', grants });

      it('lets everybody of the mesh in and counts what deny would refuse', async () => {
        expect((await mesh.http('thief', 'store', {}, 0)).answer).toBe(200);
        expect(await mesh.tcp('thief')).toMatchObject({ answer: 'connected' });
        expect((await mesh.peer('thief', 'other-authority')).answer).toBe('refused');
        const admin = new RawClient(() => open(`127.${range.base}.0.3`, 15_001));
        const stats = await admin.send({
          method: 'GET',
          path: '/stats?filter=shadow_denied',
          headers: [['Host', 'admin']],
        });
        admin.close();
        expect(body(stats)).toMatch(/rbac\.shadow_denied: [1-9]/);
      });
    });

    describe('with a server that has somebody else’s identity', () => {
      // The client's configuration expects store-v2 where store-v1 answers.
      const mesh = useMesh({ mode: 'allow', rules: [weighted(0, 1)] }, (model) => ({
        ...model,
        workloads: {
          ...model.workloads,
          [id('store-v2')]: {
            ...model.workloads[id('store-v2')]!,
            addresses: model.workloads[id('store-v1')]!.addresses,
          },
        },
      }));

      it('answers 503 and sends it nothing', async () => {
        expect((await mesh.http('buyer', 'store')).answer).toBe(503);
      });
    });
  },
);

interface Mesh {
  http(from: string, service: string, traffic?: Partial<HttpTraffic>, random?: number): Promise<Observation>;
  peer(account: string, credential: Credential, path?: string, headers?: HttpTraffic['headers']): Promise<Observation>;
  tcp(from: string): Promise<Observation>;
  client(from: string, service: keyof typeof listen): RawClient;
}

/** Runs the sample mesh around the tests of a block; `seen` changes the model that the clients' sidecars get. */
function useMesh(options: Omit<SampleOptions, 'base'>, seen: (model: MeshModel) => MeshModel = (model) => model): Mesh {
  const cleanups: (() => unknown)[] = [];
  let exchange: Exchange;
  beforeAll(async () => {
    const model = sampleModel({ base: range.base, ...options });
    const plane = envoyPlane(binary);
    cleanups.push(await startPrograms(model));
    cleanups.push(await plane.start(model, ['store-v1', 'store-v2'].map(id), credentials));
    cleanups.push(await plane.start(seen(model), ['buyer', 'thief'].map(id), credentials));
    exchange = new Exchange(model, credentials, plane);
    cleanups.push(() => exchange.close());
  });
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });
  const send = (request: object, traffic: CaseRequest['traffic'], random?: number) =>
    exchange.send({ ...request, traffic } as CaseRequest, random);
  const http = { kind: 'http', method: 'GET', path: '/books', headers: {} } as const;
  return {
    http: (from, service, traffic, random) =>
      send({ direction: 'outbound', from: id(from), to: { host: service, port: 80 } }, { ...http, ...traffic }, random),
    peer: (account, credential, path = '/books', headers = {}) =>
      send(
        { direction: 'inbound', peer: `default/${account}`, credential, workload: id('store-v1'), port: 15_001 },
        { ...http, path, headers },
      ),
    tcp: (from) =>
      send({ direction: 'outbound', from: id(from), to: { host: 'database', port: 5432 } }, { kind: 'tcp' }),
    client: (from, service) =>
      new RawClient(() => open(`127.${range.base}.0.${from === 'buyer' ? 1 : 2}`, listen[service])),
  };
}

function body(response: RawResponse): string {
  return response.kind === 'response' ? response.body : '';
}

function open(host: string, port: number): Promise<ReturnType<typeof connect>> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => resolve(socket));
    socket.once('error', reject);
  });
}
