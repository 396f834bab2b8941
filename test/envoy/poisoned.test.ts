import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EnvoyOptions, envoyAdapter } from '../../adapters/envoy/index.ts';
import type { DataPlaneAdapter } from '../../src/adapter/contract.ts';
import { assemble } from '../../src/compile/assemble.ts';
import { type CompileOptions, createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import { askSocket } from '../../src/control/admin/socket.ts';
import { type ControlPlane, startControlPlane } from '../../src/control/control-plane.ts';
import type { ControlPlaneEvent } from '../../src/control/plane.ts';
import { assignLocal } from '../../src/kubernetes/local-addressing.ts';
import type { MeshModel, WorkloadId } from '../../src/model/types.ts';
import { readSources } from '../../src/source/read.ts';
import type { XdsEvent } from '../../src/xds/contract.ts';
import { envoyBinary } from '../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import type { Envoy } from '../support/mesh/envoy-process.ts';
import { runCli } from '../support/run-cli.ts';
import { startEnvoy, startServers } from './support/sidecars.ts';
import type { Variant } from './support/slot.ts';
import { ask, SteadyClient } from './support/steady-client.ts';

const { path: binary = '', reason = '' } = envoyBinary();
const variants: readonly Variant[] = ['delta', 'sotw'];

const pod = (name: string) => `---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { containers: [{ name: main, image: x, ports: [{ containerPort: 8080 }] }] }
`;
const service = (name: string, app = name) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${app} }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`;
const mesh =
  ['foreign', 'own', 'late', 'v1', 'v2'].map(pod).join('') +
  service('shop', 'v1') +
  service('books', 'v1') +
  service('v1') +
  service('v2');
const compileOptions: CompileOptions = {
  ...defaultCompileOptions,
  settings: { ...defaultCompileOptions.settings, accessMode: 'allow' },
};
/** The expression is at line 9. */
const rules = (pathRegex: string, books: 'v1' | 'v2') => `apiVersion: specs.smi-spec.io/v1alpha4
kind: HTTPRouteGroup
metadata:
  name: api
spec:
  matches:
    - name: items
      methods: [GET]
      pathRegex: ${pathRegex}
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: shop }
spec:
  service: shop
  matches: [{ kind: HTTPRouteGroup, name: api }]
  backends: [{ service: v2, weight: 1 }]
---
apiVersion: split.smi-spec.io/v1alpha4
kind: TrafficSplit
metadata: { name: books }
spec: { service: books, backends: [{ service: ${books}, weight: 1 }] }
`;
/** Our own limit allows it; 270 instructions are more than the 100 that Envoy allows when nobody tells it otherwise. */
const poison = "'/api/[a-z0-9-]{1,64}/items'";
const harmless = "'/api/[a-z]+/items'";
const path = '/api/a-1/items';

describe.skipIf(binary === '').each(variants)(`a resource that one Envoy refuses, %s ${reason}`, (variant) => {
  let range: AddressRange;
  let root: string;
  let model: MeshModel;
  let controlPlane: ControlPlane;
  let servers: readonly Server[] = [];
  const envoys: Envoy[] = [];
  const events: { readonly at: number; readonly event: ControlPlaneEvent }[] = [];
  const xds: { readonly at: number; readonly event: XdsEvent }[] = [];

  const write = (text: string) => writeFileSync(join(root, 'manifests', 'rules.yaml'), text);
  const outbound = (workload: string, name: string) => {
    const { outbound: bindings } = model.workloads[`default/${workload}` as WorkloadId]!;
    if (bindings === 'intercepted') throw new Error('not intercepted here');
    return bindings.find((each) => each.service === `default/${name}`)!.listen;
  };
  const from = (workload: string, name: string) => {
    const { address, port } = outbound(workload, name);
    return ask(address, port, path);
  };
  const start = async (workload: string, foreign = false) => {
    const options = { binary, folder: root, variant, controlPlane, foreign };
    const envoy = await startEnvoy(model.workloads[`default/${workload}` as WorkloadId]!, options);
    envoys.push(envoy);
    return envoy;
  };
  const findings = () => events.flatMap(({ at, event }) => (event.type === 'finding' ? [{ at, ...event }] : []));

  beforeAll(async () => {
    range = await takeAddressRange();
    root = mkdtempSync(join(tmpdir(), 'smi-poisoned-'));
    mkdirSync(join(root, 'manifests'));
    mkdirSync(join(root, 'state'), { mode: 0o700 });
    writeFileSync(join(root, 'manifests', 'mesh.yaml'), mesh);
    write(rules(harmless, 'v1'));
    const { input } = assemble(readSources([join(root, 'manifests')]).documents);
    const pods = assignLocal([], input.pods, input.services, range.base).map((each) => ({ ...each, ready: true }));
    ({ model } = createCompiler().compile({ ...input, pods }, compileOptions));
    const options: EnvoyOptions = {
      certificates: { certificateChain: '', privateKey: '', trustBundle: '' },
      secrets: 'ads',
    };
    controlPlane = await startControlPlane({
      paths: [join(root, 'manifests')],
      stateDirectory: join(root, 'state'),
      adapters: [{ adapter: envoyAdapter as DataPlaneAdapter, options }],
      compileOptions,
      ads: { address: `127.${range.base}.255.1`, port: 0 },
      awaitPods: true,
      onEvent: (event) => events.push({ at: performance.now(), event }),
      onXdsEvent: (event) => xds.push({ at: performance.now(), event }),
    });
    controlPlane.setPods(pods);
    controlPlane.start();
    servers = await startServers(model);
    const started = [await start('foreign', true), await start('own'), await start('v1'), await start('v2')];
    await Promise.all(started.map((envoy) => envoy.ready()));
    for (const client of ['foreign', 'own']) {
      for (const name of ['shop', 'books']) {
        await vi.waitFor(async () => expect((await from(client, name)).body).toBe('v1'), { timeout: 20_000 });
      }
    }
  });

  afterAll(async () => {
    await Promise.all(envoys.map((envoy) => envoy.stop()));
    await controlPlane?.close();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
    range?.release();
    rmSync(root, { recursive: true, force: true });
  });

  test('is told at its line, and everything else goes on', async () => {
    const [mine, theirs] = [outbound('own', 'shop'), outbound('foreign', 'shop')];
    const clients = [
      new SteadyClient(mine.address, mine.port, path),
      new SteadyClient(theirs.address, theirs.port, path),
    ];
    const saved = performance.now();
    write(rules(poison, 'v2'));
    await vi.waitFor(() => expect(findings()).toHaveLength(1), { timeout: 20_000 });
    const [{ at, diagnostic }] = findings() as [ReturnType<typeof findings>[0]];
    const nack = xds.find(({ event }) => event.kind === 'nack')!;
    expect(diagnostic).toMatchObject({
      code: 'SMI5101',
      origin: { object: 'specs.smi-spec.io/HTTPRouteGroup/default/api', path: 'spec.matches[0].pathRegex' },
      location: { file: join(root, 'manifests', 'rules.yaml'), line: 9, column: 18 },
    });
    expect(diagnostic.message).toContain('the proxy of default/foreign refused');
    expect(diagnostic.message).toContain('and keeps its earlier version');
    console.log(
      `${variant}: told ${(at - nack.at).toFixed(0)} ms after the refusal, ${(at - saved).toFixed(0)} ms after the save`,
    );
    expect(at - nack.at).toBeLessThan(1_000);

    // The one that takes it does what it says, and the rest of the update reaches the one that does not.
    await vi.waitFor(async () => expect((await from('own', 'shop')).body).toBe('v2'), { timeout: 20_000 });
    for (const client of ['own', 'foreign']) {
      await vi.waitFor(async () => expect((await from(client, 'books')).body).toBe('v2'), { timeout: 20_000 });
    }
    // What it had stays.
    expect(await from('foreign', 'shop')).toEqual({ status: 200, body: 'v1' });
    expect(controlPlane.refusals()).toMatchObject([
      { count: 1, proxies: [{ node: 'default/foreign', keeps: expect.any(String) }] },
    ]);
    const list = await runCli(['proxies', '--state', join(root, 'state')]);
    expect(list.stdout).toMatch(/^4 proxies: 1 refuses configuration\n/);
    expect(list.stdout).toMatch(
      new RegExp(`^foreign +envoy .* ${variant} .* refused .*HTTPRouteGroup default/api$`, 'm'),
    );

    const target = '/carriers?object=HTTPRouteGroup/default/api';
    const carriers = await askSocket(join(root, 'state'), target, 20_000);
    if (!carriers.ok) throw new Error(carriers.error);
    expect(JSON.parse(carriers.value.body).carriers).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ node: 'default/own', state: 'synced', refused: [] }),
        expect.objectContaining({ node: 'default/foreign', state: 'refused', refused: [expect.anything()] }),
      ]),
    );

    await Promise.all(clients.map((client) => client.stop()));
    const sent = clients.reduce((sum, client) => sum + client.sent, 0);
    console.log(`${variant}: ${sent} requests meanwhile, ${clients.flatMap(({ failures }) => failures).length} failed`);
    expect(clients.flatMap(({ failures }) => failures)).toEqual([]);
    expect(sent).toBeGreaterThan(10);
  });

  test('leaves closed what an Envoy never had, and is not sent again and again', async () => {
    const envoy = await start('late', true);
    await vi.waitFor(
      () =>
        expect(controlPlane.refusals().flatMap(({ proxies }) => proxies.map(({ node }) => node))).toContain(
          'default/late',
        ),
      { timeout: 30_000 },
    );
    await vi.waitFor(async () => expect((await from('late', 'books')).body).toBe('v2'), { timeout: 20_000 });
    expect((await from('late', 'shop')).status).not.toBe(200);
    await envoy.ready();
    const { status } = await from('late', 'shop');
    expect(status).not.toBe(200);
    // It has resources of its own, and what is wrong with them is known.
    expect(findings()).toHaveLength(1);
    expect(controlPlane.refusals()).toMatchObject([{ count: 2 }]);
    const refused = new Set(controlPlane.refusals()[0]!.resources.map(({ resource }) => resource));
    const sends = xds.filter(
      ({ event }) =>
        event.kind === 'sent' && event.node === 'default/late' && event.resources.some((each) => refused.has(each)),
    );
    console.log(`${variant}: ${sends.length} attempts; without routes it answers ${status}`);
    expect(sends.length).toBeLessThan(10);
  });

  test('is over when it is corrected', async () => {
    write(rules("'/api/[a-z0-9-]+/items'", 'v2'));
    for (const client of ['own', 'foreign', 'late']) {
      await vi.waitFor(async () => expect((await from(client, 'shop')).body).toBe('v2'), { timeout: 20_000 });
    }
    await vi.waitFor(() => expect(controlPlane.refusals()).toEqual([]), { timeout: 20_000 });
    const wait = await runCli(['wait', '--state', join(root, 'state')]);
    expect(wait.stdout).toMatch(/^landed: all 5 proxies have generation 3/);
    expect(events.filter(({ event }) => event.type === 'recovered')).toHaveLength(1);
    expect((await runCli(['proxies', '--state', join(root, 'state')])).status).toBe(0);
  });
});
