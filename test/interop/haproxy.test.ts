import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decide } from '../../src/model/decide.ts';
import type { Decision, HttpRequest } from '../../src/model/decision.ts';
import { workloadId } from '../../src/model/ids.ts';
import type { MeshModel } from '../../src/model/types.ts';
import { loadAdapter } from '../../src/plugins/load.ts';
import { contractCases, shippedModels } from '../../src/testkit/index.ts';
import { translate } from '../../src/translate/translate.ts';
import { freePort } from '../support/free-ports.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import { localMesh } from '../support/mesh/caller.ts';
import { group, nothing, pod, service, split } from '../support/objects.ts';

/** The real HAProxy with what the adapter of examples/adapters/haproxy writes, beside what the mesh means. */

const program = fileURLToPath(new URL('../../examples/adapters/haproxy/haproxy.py', import.meta.url));
const haproxy = findHaproxy();
if (haproxy === undefined && process.env.CI === 'true') throw new Error('HAProxy is missing: apt-get install haproxy');

function findHaproxy(): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders
    .map((folder) => join(folder, 'haproxy'))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

const client = workloadId('default', 'client');
const names = ['shop', 'shop-v1', 'shop-v2', 'cart', 'cart-v1', 'empty'] as const;

function mesh(base: number): MeshModel {
  const ports = { ports: ['80:8080'] };
  return localMesh(
    {
      ...nothing,
      services: [
        ...names.map((name) => service(name, ports)),
        ...['db', 'replica'].map((name) => service(name, { ports: [`${name === 'db' ? 81 : 82}:8080 tcp-bytes`] })),
      ],
      pods: [
        pod('client'),
        ...names.filter((name) => name !== 'empty').map((name) => pod(name, { ports: ['8080'] })),
        ...['db', 'replica'].map((name) => pod(name, { ports: ['8080'] })),
      ],
      routeGroups: [
        group('routes', {
          items: { pathRegex: '/items/[0-9]+', methods: ['GET', 'HEAD'] },
          beta: { headers: { 'x-beta': 'yes|no' } },
        }),
      ],
      splits: [
        split('shop', 'shop', { shop: 1, 'shop-v1': 1, 'shop-v2': 1 }),
        split('cart', 'cart', { 'cart-v1': 1 }, { matches: ['routes'] }),
        split('none', 'shop-v2', { shop: 0, 'shop-v1': 0 }),
      ],
    },
    base,
  );
}

const methods = ['GET', 'HEAD', 'POST'];
const paths = ['/', '/items/17', '/items/17?q=/other', '/items/x', '/other', '/a%2fb'];
const headers: readonly HttpRequest['headers'][] = [{}, { 'x-beta': 'yes' }, { 'x-beta': 'maybe' }];
const hosts = [...names.map((name) => `${name}.default`), 'cart-v1.default.svc.cluster.local', 'SHOP-V1.default'];

const requests: readonly HttpRequest[] = hosts.flatMap((host) =>
  methods.flatMap((method) =>
    paths.flatMap((path) =>
      headers.map(
        (given) => ({ kind: 'http', from: client, to: { host, port: 80 }, method, path, headers: given }) as const,
      ),
    ),
  ),
);

/** What may answer: a status of the router, or one of the programs. */
function meant({ outcome, status, targets }: Decision): readonly string[] {
  if (outcome === 'rejected') return [String(status)];
  return targets
    .filter(({ weight }) => weight > 0)
    .map(({ service: id, verdict }) => (verdict === 'unavailable' ? '503' : id));
}

describe.skipIf(haproxy === undefined)(
  `HAProxy (${haproxy ?? 'none: apt-get install haproxy'})`,
  { timeout: 600_000 },
  () => {
    let range: AddressRange;
    let model: MeshModel;
    let router: ChildProcess | undefined;
    let offset = 0;
    const folder = mkdtempSync(join(tmpdir(), 'smi-haproxy-'));
    const servers: Server[] = [];
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });

    beforeAll(async () => {
      range = await takeAddressRange();
      model = mesh(range.base);
      for (const { id, addresses, ports } of Object.values(model.workloads)) {
        for (const { port, protocol } of ports) {
          const server =
            protocol === 'tcp'
              ? createServer((socket) => socket.on('error', () => undefined).end(id))
              : createHttpServer((_request, response) => response.writeHead(200, { 'x-workload': id }).end());
          server.listen(port, addresses[0]);
          await once(server, 'listening');
          servers.push(server);
        }
      }
      // Somebody else may take a port between its choice and its use.
      for (let tries = 0; tries < 5 && router === undefined; tries += 1) router = await start();
      if (router === undefined) throw new Error('HAProxy does not start');
    }, 300_000);

    afterAll(async () => {
      agent.destroy();
      if (router !== undefined && router.exitCode === null) {
        router.kill('SIGKILL');
        await once(router, 'exit');
      }
      for (const server of servers) server.close();
      range?.release();
      rmSync(folder, { recursive: true, force: true });
    });

    async function start(): Promise<ChildProcess | undefined> {
      offset = (await freePort()) - 80;
      const loaded = await loadAdapter(`exec:${program}`);
      if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('; '));
      const { artifacts, refusals } = translate(loaded.value, model, { offset });
      expect(refusals).toEqual([]);
      const [artifact] = artifacts;
      const file = join(folder, 'haproxy.cfg');
      writeFileSync(file, String(artifact?.body));
      const child = spawn(haproxy ?? '', ['-db', '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
      const deadline = performance.now() + 60_000;
      while (child.exitCode === null && performance.now() < deadline) {
        if (await accepts(81 + offset)) return child;
      }
      child.kill('SIGKILL');
      return undefined;
    }

    function accepts(port: number): Promise<boolean> {
      return new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.destroy();
          resolve(true);
        });
        socket.once('error', () => setTimeout(resolve, 20, false));
      });
    }

    /** The workload that answers, or the status of the router. */
    function ask({ method, path, to, headers: given }: HttpRequest): Promise<string> {
      return new Promise((resolve, reject) => {
        const options = {
          host: '127.0.0.1',
          port: to.port + offset,
          method,
          path,
          agent,
          headers: { ...given, host: to.host },
        };
        httpRequest(options, (response) => {
          response.resume();
          response.once('end', () => resolve(String(response.headers['x-workload'] ?? response.statusCode)));
        })
          .once('error', reject)
          .end();
      });
    }

    function greeting(port: number): Promise<string> {
      return new Promise((resolve, reject) => {
        let text = '';
        connect(port + offset, '127.0.0.1')
          .on('data', (chunk) => (text += String(chunk)))
          .once('end', () => resolve(text))
          .once('error', reject);
      });
    }

    it('answers every request as the mesh means it', async () => {
      expect(requests.length).toBeGreaterThanOrEqual(400);
      const wrong: string[] = [];
      for (const request of [...requests, ...requests]) {
        const expected = meant(
          decide(model, { ...request, to: { ...request.to, host: request.to.host.toLowerCase() } }),
        );
        const seen = await ask(request);
        if (!expected.includes(seen)) wrong.push(`${JSON.stringify(request)}: ${seen}, not ${expected.join(' or ')}`);
      }
      expect(wrong).toEqual([]);
    });

    it('gives each backend its share of requests and of connections', async () => {
      const count = 1200;
      const request = {
        kind: 'http',
        from: client,
        to: { host: 'shop.default', port: 80 },
        method: 'GET',
        path: '/',
        headers: {},
      } as const;
      const seen = new Map<string, number>();
      for (let asked = 0; asked < count; asked += 1) {
        const by = await ask(request);
        seen.set(by, (seen.get(by) ?? 0) + 1);
      }
      const { targets } = decide(model, request);
      expect([...seen.keys()].sort()).toEqual(targets.map(({ service: id }) => id).sort());
      for (const { service: id, weight, total } of targets) {
        const share = weight / total;
        const deviation = Math.sqrt(count * share * (1 - share));
        expect(Math.abs((seen.get(id) ?? 0) - count * share)).toBeLessThan(7 * deviation);
      }
      expect(new Set(await Promise.all([greeting(81), greeting(82)]))).toEqual(
        new Set(['default/db', 'default/replica']),
      );
    });

    it('answers 404 for a host that no service has', async () => {
      const request = {
        kind: 'http',
        from: client,
        to: { host: 'nobody.default', port: 80 },
        method: 'GET',
        path: '/',
        headers: {},
      } as const;
      expect(await ask(request)).toBe('404');
    });

    it('comes of an adapter that keeps the contract', async () => {
      const loaded = await loadAdapter(`exec:${program}`);
      if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join('; '));
      // A process for every question: some models will do.
      const models = shippedModels().filter(({ name }) =>
        ['split-thirds', 'split-matches', 'tcp', 'closed'].includes(name),
      );
      const failed = contractCases(loaded.value, { models })
        .filter(({ skipped }) => skipped === undefined)
        .flatMap(({ name, run }) => run().map((problem) => `${name}: ${problem}`));
      expect(failed).toEqual([]);
    });
  },
);
