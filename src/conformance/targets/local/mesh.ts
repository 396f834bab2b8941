import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultCompileOptions } from '../../../compile/options.ts';
import type { AdminAnswer, WaitReport } from '../../../control/admin/contract.ts';
import { type ControlPlane, startControlPlane } from '../../../control/control-plane.ts';
import { type Guard, startGuard } from '../../../control/local/guard.ts';
import type { DataPlane } from '../../../control/publisher.ts';
import { localAdminPort } from '../../../kubernetes/local-addressing.ts';
import { type CallResult, makeCalls } from '../../application/calls.ts';
import { Counters } from '../../application/counters.ts';
import { serve } from '../../application/serve.ts';
import type { CaseQuestion, ConformanceCase, Step } from '../../case.ts';
import { CaseObjects } from '../../objects.ts';
import { readsCluster } from '../../reads.ts';
import type { Answers, Observation, OpenMesh, ReadAnswer, ReadQuestion } from '../../target.ts';
import { statusWord } from '../simulated.ts';
import { acquireAddresses, opened } from '../start.ts';
import { doorOf, idOf, type PlacedPod, placePods } from './pods.ts';
import type { SidecarContext, StartSidecar } from './sidecars.ts';

export interface LocalMeshOptions {
  readonly adapters: readonly DataPlane[];
  readonly sidecars: (context: SidecarContext) => StartSidecar;
  /** How many sidecars start at a time. */
  readonly startsAtOnce: number;
}

const adsPort = 15_010;
const settleMillis = 60_000;
/** Between two readings of what a sidecar has counted. */
const measuredMillis = 100;

/** One mesh on loopback addresses: control plane and programs within this process, a sidecar for each pod. */
export class LocalConformanceMesh implements OpenMesh {
  readonly #objects: ReadonlyMap<ConformanceCase, CaseObjects>;
  readonly #pods = new Map<string, PlacedPod>();
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #root: string;
  readonly #folder: string;
  #plane: ControlPlane | undefined;

  private constructor(batch: readonly ConformanceCase[]) {
    this.#objects = new Map(batch.map((testCase) => [testCase, new CaseObjects(testCase)]));
    this.#root = mkdtempSync(join(tmpdir(), 'smi-conformance-'));
    this.#folder = join(this.#root, 'manifests');
    mkdirSync(this.#folder);
  }

  static async open(batch: readonly ConformanceCase[], options: LocalMeshOptions): Promise<LocalConformanceMesh> {
    const mesh = new LocalConformanceMesh(batch);
    return opened(mesh, mesh.#start(batch, options));
  }

  async apply(testCase: ConformanceCase, step: Step): Promise<void> {
    this.#objects.get(testCase)?.change(step);
    this.#write(testCase);
    await this.#landed();
  }

  async ask(question: CaseQuestion, times: number): Promise<Answers> {
    const pod = this.#pods.get(question.from);
    const door = pod && doorOf(pod, question);
    if (door === undefined) throw new Error(`${question.from} has no way to ${question.host}:${question.port}`);
    const results = await makeCalls({ ...door, ...question.traffic, host: question.host, times });
    return { kind: 'samples', observations: results.map(observed) };
  }

  async read(_: ConformanceCase, { path: target }: ReadQuestion): Promise<ReadAnswer> {
    const [path = '', search = ''] = target.split('?');
    const { status, body } = await this.#ask(path, new URLSearchParams(search));
    return status === 200 ? { status, body: JSON.parse(body) as unknown } : { status };
  }

  /** In the opposite order of their starts. */
  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    rmSync(this.#root, { recursive: true, force: true });
  }

  async #start(batch: readonly ConformanceCase[], options: LocalMeshOptions): Promise<void> {
    const state = await acquireAddresses(join(this.#root, 'state'));
    this.#stops.push(() => state.release());
    for (const testCase of batch) this.#write(testCase);
    const compileOptions = {
      ...defaultCompileOptions,
      settings: { ...defaultCompileOptions.settings, ...batch[0]?.settings },
    };
    const plane = await startControlPlane({
      paths: [this.#folder],
      adapters: options.adapters,
      compileOptions,
      ads: { address: `127.${state.base}.255.253`, port: adsPort },
      awaitPods: true,
      ...(batch.some(readsCluster) ? { traffic: { port: localAdminPort, intervalMillis: measuredMillis } } : {}),
      onEvent: () => undefined,
    });
    this.#plane = plane;
    this.#stops.push(() => plane.close());
    const pods = placePods(batch, state.base);
    for (const pod of pods) this.#pods.set(idOf(pod.object), pod);
    plane.start();
    plane.setPods(pods.map(({ object }) => object));
    await this.#serve(pods);
    const guard = this.#guard();
    const { trustDomain } = compileOptions;
    const startSidecar = options.sidecars({ plane, trustDomain, guard, directory: state.directory });
    await this.#startSidecars(pods, startSidecar, options.startsAtOnce);
    await this.#landed();
  }

  #guard(): Guard {
    const guard = startGuard();
    this.#stops.push(() => guard.close());
    return guard;
  }

  async #serve(pods: readonly PlacedPod[]): Promise<void> {
    for (const { object, listeners } of pods) this.#stops.push(await serve(idOf(object), listeners, new Counters()));
  }

  async #startSidecars(pods: readonly PlacedPod[], start: StartSidecar, atOnce: number): Promise<void> {
    const waiting = [...pods];
    const stops: (() => Promise<void>)[] = [];
    this.#stops.push(async () => {
      await Promise.all(stops.map((stop) => stop()));
    });
    const worker = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) stops.push(await start(next.object));
    };
    const started = await Promise.allSettled(Array.from({ length: atOnce }, worker));
    for (const each of started) if (each.status === 'rejected') throw each.reason;
  }

  /** Moved into place whole, so that the control plane never reads half a file. */
  #write(testCase: ConformanceCase): void {
    const file = join(this.#folder, `${testCase.namespaces[0]}.yaml`);
    const draft = join(this.#root, `${testCase.namespaces[0]}.draft`);
    writeFileSync(draft, this.#objects.get(testCase)?.text() ?? '');
    renameSync(draft, file);
  }

  #ask(path: string, query: URLSearchParams): Promise<AdminAnswer> {
    return this.#plane!.admin({ method: 'GET', path, query, gone: new AbortController().signal });
  }

  /** Waits, as `smi-cli wait` does, until every sidecar has what is written now. */
  async #landed(): Promise<void> {
    const { body } = await this.#ask('/wait', new URLSearchParams({ timeout: String(settleMillis) }));
    const { outcome } = JSON.parse(body) as WaitReport;
    if (outcome === 'waiting')
      throw new Error(`not every sidecar has its configuration after ${settleMillis / 1000} s`);
  }
}

function observed({ status, pod, seen, error }: CallResult): Observation {
  if (pod !== undefined && (status === undefined || status === 200)) {
    return { outcome: pod, ...(seen === undefined ? {} : { seen }) };
  }
  if (status !== undefined) return { outcome: statusWord(status) };
  return { outcome: error === undefined ? 'nothing' : 'closed' };
}
