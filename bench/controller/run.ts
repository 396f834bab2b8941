import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureKubernetes, kubernetesVersion } from '../../scripts/kubernetes.mjs';
import { startClusterAuthority } from '../../src/identity/cluster-authority.ts';
import { selfSigned } from '../../src/identity/self-signed.ts';
import { systemNamespace } from '../../src/kubernetes/names.ts';
import { connect } from '../../src/kubernetes-client/connect.ts';
import { packageVersion } from '../../src/lib/package-version.ts';
import { spiffeId } from '../../src/lib/spiffe.ts';
import { type ApiClient, adminOf } from '../../test/cluster/support/client.ts';
import { type Cluster, startCluster } from '../../test/cluster/support/cluster.ts';
import type { ControllerProcess } from '../../test/cluster/support/controller.ts';
import { BenchFailure } from '../failure.ts';
import { usageOf } from '../processor-time.ts';
import { Changes } from './changes.ts';
import { Fleet } from './fleet.ts';
import type { SimulatedProxy } from './fleet-messages.ts';
import { Installation } from './installation.ts';
import { Mesh, type MeshPod } from './mesh.ts';
import { type Move, Moves } from './moves.ts';
import type { ControllerBenchOptions } from './options.ts';
import { populate } from './populate.ts';

export interface ControllerReport {
  readonly name: 'controller';
  readonly versions: readonly string[];
  readonly size: Pick<ControllerBenchOptions, 'services' | 'pods' | 'splits' | 'proxies'>;
  readonly objects: number;
  readonly sync: {
    /** From the start of the process until everything has been listed, and until a proxy can connect. */
    readonly listedSeconds: number;
    readonly servedSeconds: number;
    readonly cpuSeconds: number;
    readonly rssMiB: number;
  };
  /** All proxies at once, each from nothing. */
  readonly connected: {
    readonly seconds: number;
    readonly cpuSeconds: number;
    readonly rssMiB: number;
    readonly mebibytes: number;
  };
  readonly atRest: Load;
  readonly changing: Load & { readonly perSecond: number };
  /** Patches over HTTP at rest, by kubectl at rest, and over HTTP while other objects change. */
  readonly moves: readonly Move[];
  /** Processor time of the controller for one of them, all proxies told. */
  readonly cpuMillisPerMove: number;
  readonly kubectl: readonly Move[];
  readonly movesAmongChanges: readonly Move[];
}

interface Load {
  /** Of a core. */
  readonly cpuShare: number;
  readonly rssMiB: number;
}

type Progress = (line: string) => void;

const patienceMillis = 300_000;
const trustDomain = 'cluster.local';
const day = 86_400;

/** A real apiserver with the objects of a mesh, a real controller, and proxies that acknowledge what they are told. */
export async function runController(options: ControllerBenchOptions, progress: Progress): Promise<ControllerReport> {
  if (options.splits > options.services || options.proxies > options.pods) {
    throw new BenchFailure('there are no more splits than services, and no more proxies than pods');
  }
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bench-'));
  const cluster = await startCluster(ensureKubernetes(progress));
  try {
    return await new Measurement(options, progress, folder, cluster).run();
  } finally {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class Measurement {
  readonly #options: ControllerBenchOptions;
  readonly #progress: Progress;
  readonly #folder: string;
  readonly #cluster: Cluster;
  readonly #client: ApiClient;
  readonly #mesh: Mesh;

  constructor(options: ControllerBenchOptions, progress: Progress, folder: string, cluster: Cluster) {
    this.#options = options;
    this.#progress = progress;
    this.#folder = folder;
    this.#cluster = cluster;
    this.#client = adminOf(cluster);
    this.#mesh = new Mesh(options);
  }

  async run(): Promise<ControllerReport> {
    const installation = await Installation.make(this.#cluster, this.#folder);
    this.#progress('controller: installed');
    const objects = await populate(this.#client, this.#mesh.objects());
    this.#progress(`controller: ${objects} objects are there`);
    await installation.askWebhooks();
    const proxies = await this.#proxies();
    const began = performance.now();
    const controller = installation.startController();
    const fleet = new Fleet();
    try {
      const sync = await this.#sync(controller, began);
      const connected = await this.#connect(controller, fleet, proxies);
      await this.#isReady(controller);
      return { ...this.#about(objects), sync, connected, ...(await this.#measure(controller, fleet)) };
    } catch (error) {
      this.#progress(controller.tail());
      throw error;
    } finally {
      await fleet.stop();
      await controller.stop();
    }
  }

  #about(objects: number): Pick<ControllerReport, 'name' | 'versions' | 'size' | 'objects'> {
    const { services, pods, splits, proxies } = this.#options;
    const versions = [
      `smi-mesh ${packageVersion()}`,
      `Node ${process.versions.node}`,
      `Kubernetes ${kubernetesVersion}`,
    ];
    return { name: 'controller', versions, size: { services, pods, splits, proxies }, objects };
  }

  async #sync(controller: ControllerProcess, began: number): Promise<ControllerReport['sync']> {
    await controller.said({ message: 'every object has been listed' });
    const listedSeconds = (performance.now() - began) / 1000;
    await controller.said({ message: 'proxies are served' });
    const servedSeconds = (performance.now() - began) / 1000;
    const { cpuMicros, rssBytes } = usageOf(controller.pid);
    this.#progress(`controller: proxies are served after ${servedSeconds.toFixed(1)} s`);
    return { listedSeconds, servedSeconds, cpuSeconds: cpuMicros / 1e6, rssMiB: rssBytes / 2 ** 20 };
  }

  async #connect(
    controller: ControllerProcess,
    fleet: Fleet,
    proxies: readonly SimulatedProxy[],
  ): Promise<ControllerReport['connected']> {
    const before = usageOf(controller.pid).cpuMicros;
    const profiled = this.#profile(controller, 'connect');
    const { seconds, bytes, resources } = await fleet.connect(`127.0.0.1:${await controller.adsPort()}`, proxies);
    await profiled;
    const { cpuMicros, rssBytes } = usageOf(controller.pid);
    const mebibytes = bytes / 2 ** 20;
    this.#progress(
      `controller: ${proxies.length} proxies have ${resources} resources (${mebibytes.toFixed(0)} MiB) in ${seconds.toFixed(1)} s`,
    );
    return { seconds, cpuSeconds: (cpuMicros - before) / 1e6, rssMiB: rssBytes / 2 ** 20, mebibytes };
  }

  async #isReady(controller: ControllerProcess): Promise<void> {
    const deadline = performance.now() + patienceMillis;
    while (!controller.leads || (await controller.get('health', '/readyz')).status !== 200) {
      if (performance.now() > deadline) throw new BenchFailure(`it does not become ready\n${controller.tail()}`);
      await delay(200);
    }
  }

  async #measure(controller: ControllerProcess, fleet: Fleet) {
    const { patches, kubectl: calls, seconds } = this.#options;
    const moves = new Moves(this.#client, fleet, this.#mesh);
    const repeat = async (count: number, move: () => Promise<Move>): Promise<readonly Move[]> => {
      const made: Move[] = [];
      while (made.length < count) made.push(await move());
      return made;
    };
    const load = async (name: string, work: () => Promise<unknown>): Promise<Load> => {
      const before = { ...usageOf(controller.pid), at: performance.now() };
      const profiled = this.#profile(controller, name);
      await work();
      const { cpuMicros, rssBytes } = usageOf(controller.pid);
      const share = (cpuMicros - before.cpuMicros) / 1000 / (performance.now() - before.at);
      await profiled;
      return { cpuShare: share, rssMiB: rssBytes / 2 ** 20 };
    };
    await this.#settled(controller);
    const atRest = await load('rest', () => delay(seconds * 1000));
    this.#progress(`controller: at rest ${(atRest.cpuShare * 100).toFixed(1)} % of a core`);
    // Once without being measured: what runs for the first time is compiled.
    await repeat(Math.min(10, patches), () => moves.one());
    let moved: readonly Move[] = [];
    const cpuBefore = usageOf(controller.pid).cpuMicros;
    await load('moves', async () => {
      moved = await repeat(patches, () => moves.one());
    });
    const cpuMillisPerMove = (usageOf(controller.pid).cpuMicros - cpuBefore) / 1000 / patches;
    this.#progress(`controller: ${patches} weights have moved`);
    const byKubectl = await repeat(calls, () => moves.byKubectl(this.#cluster.kubeconfig));
    const changes = new Changes(this.#client, this.#mesh);
    const among: Move[] = [];
    const alone = await load('changes', () => delay(seconds * 1000));
    const deadline = performance.now() + seconds * 1000;
    while (performance.now() < deadline) among.push(await moves.one());
    const perSecond = await changes.stop();
    const changing = { ...alone, rssMiB: usageOf(controller.pid).rssBytes / 2 ** 20, perSecond };
    return { atRest, changing, moves: moved, cpuMillisPerMove, kubectl: byKubectl, movesAmongChanges: among };
  }

  /** Waits until the statuses of all objects are written: until a second costs next to nothing. */
  async #settled(controller: ControllerProcess): Promise<void> {
    const deadline = performance.now() + patienceMillis;
    for (let quiet = 0; quiet < 3 && performance.now() < deadline; ) {
      const before = usageOf(controller.pid).cpuMicros;
      await delay(1000);
      quiet = usageOf(controller.pid).cpuMicros - before < 100_000 ? quiet + 1 : 0;
    }
  }

  async #profile(controller: ControllerProcess, name: string): Promise<void> {
    const { profile, seconds } = this.#options;
    if (profile === undefined) return;
    mkdirSync(profile, { recursive: true });
    const { body } = await controller.get('admin', `/profile/cpu?seconds=${seconds}`);
    writeFileSync(join(profile, `controller-${name}.cpuprofile`), body);
  }

  /** With certificates of the mesh's own authority. */
  async #proxies(): Promise<readonly SimulatedProxy[]> {
    const connected = await connect({ kubeconfig: this.#cluster.kubeconfig });
    if (!connected.ok) throw new BenchFailure(connected.error.diagnostic.message);
    const mesh = await startClusterAuthority({
      connection: connected.value,
      namespace: systemNamespace,
      trustDomain,
      lifeSeconds: day,
      make: selfSigned(trustDomain, day),
      signal: AbortSignal.timeout(patienceMillis),
      log: () => {},
    });
    try {
      const of = async ({ namespace, name, account, dataPlane }: MeshPod): Promise<SimulatedProxy> => {
        const { certificateChain, privateKey, trustBundle } = await mesh.authority.issue(
          spiffeId(trustDomain, namespace, account),
        );
        return { node: `${namespace}/${name}`, dataPlane, identity: { certificateChain, privateKey, trustBundle } };
      };
      return await Promise.all(this.#mesh.proxies.map(of));
    } finally {
      mesh.stop();
    }
  }
}
