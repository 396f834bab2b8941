import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type EnvoyOptions, envoyAdapter } from '../../adapters/envoy/index.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../../src/adapter/contract.ts';
import { assemble } from '../../src/compile/assemble.ts';
import { type CompileOptions, createCompiler, defaultCompileOptions } from '../../src/compile/index.ts';
import { FileSource } from '../../src/control/file-source.ts';
import { type Plane, startPlane } from '../../src/control/plane.ts';
import { LiveAuthority } from '../../src/identity/authority.ts';
import { type AuthorityState, signerOf } from '../../src/identity/authority-state.ts';
import { selfSignedCredential } from '../../src/identity/credential.ts';
import { firstState, introduced, nextStep, phaseMarginSeconds } from '../../src/identity/rotation.ts';
import { assignLocal } from '../../src/kubernetes/local-addressing.ts';
import type { MeshModel, Workload, WorkloadId } from '../../src/model/types.ts';
import { type RunningProxy, startProxy } from '../../src/proxy/index.ts';
import { readSources } from '../../src/source/read.ts';
import { envoyBinary } from '../support/envoy.ts';
import { intermediateOf, testRoot } from '../support/intermediate.ts';
import { type AddressRange, takeAddressRange } from '../support/mesh/address-range.ts';
import type { Envoy } from '../support/mesh/envoy-process.ts';
import { startEnvoy, startServers } from './support/sidecars.ts';
import { SteadyClient } from './support/steady-client.ts';

const { path: binary = '', reason = '' } = envoyBinary();
const ours = ['near', 'far'] as const;
const envoys = ['east', 'west'] as const;
const names = [...ours, ...envoys];
const patience = { timeout: 90_000, interval: 100 };

/** Of the port `tcp` each connection of a client is one between sidecars, with a handshake of its own. */
const pod = (name: string) => `---
apiVersion: v1
kind: ServiceAccount
metadata: { name: ${name} }
---
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec:
  serviceAccountName: ${name}
  containers: [{ name: main, image: x, ports: [{ containerPort: 8080 }, { containerPort: 9090 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  selector: { app: ${name} }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 90, targetPort: 9090 }]
`;
const compileOptions: CompileOptions = {
  ...defaultCompileOptions,
  settings: { ...defaultCompileOptions.settings, accessMode: 'allow' },
};
const { trustDomain } = compileOptions;
/** Renewed at half of that. */
const lifeSeconds = 24;

describe.skipIf(binary === '')(`the authority is rotated under sidecars of both kinds ${reason}`, () => {
  let range: AddressRange;
  let folder: string;
  let model: MeshModel;
  let plane: Plane;
  let authority: LiveAuthority;
  let servers: readonly Server[] = [];
  let state: AuthorityState;
  let now = Date.now();
  const proxies = new Map<string, RunningProxy>();
  const running: Envoy[] = [];
  const clients: SteadyClient[] = [];
  /** Nodes that took secrets since the last step. */
  const took = new Set<string>();

  const workload = (name: string): Workload => model.workloads[`default/${name}` as WorkloadId]!;
  const failures = () => clients.flatMap((client) => client.failures);

  beforeAll(async () => {
    range = await takeAddressRange();
    folder = mkdtempSync(join(tmpdir(), 'smi-rotation-'));
    writeFileSync(join(folder, 'mesh.yaml'), names.map(pod).join(''));
    const { input } = assemble(readSources([join(folder, 'mesh.yaml')]).documents);
    const pods = assignLocal([], input.pods, input.services, range.base).map((each) => ({ ...each, ready: true }));
    ({ model } = createCompiler().compile({ ...input, pods }, compileOptions));
    state = firstState(await selfSignedCredential(trustDomain, { now, lifetimeSeconds: 86_400 }), now, lifeSeconds);
    authority = new LiveAuthority(trustDomain, await signed(state));
    const source = new FileSource({ paths: [join(folder, 'mesh.yaml')], awaitPods: true });
    source.setPods(pods);
    const options: EnvoyOptions = {
      certificates: { certificateChain: '', privateKey: '', trustBundle: '' },
      secrets: 'ads',
    };
    plane = await startPlane({
      source,
      authority,
      adapters: [
        { adapter: proxyAdapter as DataPlaneAdapter, options: {} },
        { adapter: envoyAdapter as DataPlaneAdapter, options },
      ],
      compileOptions,
      svidLifetimeSeconds: lifeSeconds,
      ads: { address: `127.${range.base}.255.1`, port: 0 },
      onEvent: () => {},
      onXdsEvent: (event) => {
        if (event.kind === 'ack' && event.typeUrl.endsWith('Secret')) took.add(event.node);
      },
    });
    plane.start();
    servers = await startServers(model);
    for (const name of ours) {
      const { id, identity, addresses } = workload(name);
      const { address, port, identity: serverIdentity } = plane.ads;
      const proxy = await startProxy(
        {
          node: id,
          admin: { address: addresses[0]!, port: 0 },
          secret: await plane.issue(identity),
          ads: { address, port, serverIdentity },
        },
        { log: () => {} },
      );
      proxies.set(name, proxy);
      await proxy.ready;
    }
    for (const name of envoys) {
      running.push(await startEnvoy(workload(name), { binary, folder, variant: 'delta', controlPlane: plane }));
    }
    await Promise.all(running.map((envoy) => envoy.ready()));
    for (const from of names) {
      const { outbound } = workload(from);
      if (outbound === 'intercepted') throw new Error('not intercepted here');
      for (const { service, listen } of outbound) {
        if (service !== `default/${from}`) clients.push(new SteadyClient(listen.address, listen.port, '/'));
      }
    }
    // The first requests may be earlier than what they need.
    await vi.waitFor(() => expect(clients.every(({ sent }) => sent > 5)).toBe(true), patience);
    await more(20);
    for (const client of clients) client.failures.length = 0;
  });

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.stop()));
    for (const envoy of running) await envoy.stop();
    await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
    for (const server of servers) server.close();
    await plane?.close();
    rmSync(folder, { recursive: true, force: true });
    await range?.release();
  });

  async function signed(wanted: AuthorityState) {
    const signer = await signerOf(trustDomain, wanted);
    if (!signer.ok) throw new Error(signer.error);
    return signer.value;
  }

  /** Every client has so many more answers. */
  async function more(requests: number): Promise<void> {
    const enough = clients.map(({ sent }) => sent + requests);
    await vi.waitFor(() => expect(clients.every(({ sent }, index) => sent >= enough[index]!)).toBe(true), patience);
  }

  async function enter(wanted: AuthorityState): Promise<void> {
    took.clear();
    state = wanted;
    authority.replace(await signed(wanted));
  }

  async function everybodyTook(): Promise<void> {
    await vi.waitFor(
      () => expect([...took].toSorted()).toEqual(names.map((name) => `default/${name}`).toSorted()),
      patience,
    );
  }

  function due(): AuthorityState {
    now += (lifeSeconds + phaseMarginSeconds) * 1000;
    const step = nextStep(state, { now, lifeSeconds, wanted: false });
    if (step.kind !== 'write') throw new Error(`nothing is due: ${step.kind}`);
    return step.state;
  }

  async function rotate(next: Parameters<typeof introduced>[1]): Promise<void> {
    await enter(introduced(state, next, now));
    expect(state.phase).toBe('introducing');
    await everybodyTook();
    await more(10);
    await enter(due());
    expect(state.phase).toBe('retiring');
    // One of each kind of pair: who has the new certificate already, and who has the old one.
    proxies
      .get('near')
      ?.offerSecret(await authority.issue(workload('near').identity, { lifetimeSeconds: lifeSeconds }));
    await more(10);
    await everybodyTook();
    await more(10);
    await enter(due());
    expect(state.phase).toBe('stable');
    await everybodyTook();
    await more(10);
    expect(failures()).toEqual([]);
  }

  test('to another root, and to an authority below one: no connection between old and new fails', async () => {
    await rotate(await selfSignedCredential(trustDomain, { now: Date.now(), lifetimeSeconds: 86_400 }));
    await rotate((await intermediateOf(await testRoot('company'))).intermediate);
    expect(clients.length).toBe(names.length * (names.length - 1) * 2);
  }, 240_000);

  test('without phases, connections would fail', async () => {
    const other = await selfSignedCredential(trustDomain, { now: Date.now(), lifetimeSeconds: 86_400 });
    await enter(firstState(other, now, lifeSeconds));
    await vi.waitFor(() => expect(failures().length).toBeGreaterThan(0), patience);
  });
});
