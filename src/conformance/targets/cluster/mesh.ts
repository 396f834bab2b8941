import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { StreamingConnection } from '../../../kubernetes-client/connect.ts';
import type { CaseQuestion, ConformanceCase, Manifest, Step } from '../../case.ts';
import { nameOf } from '../../objects.ts';
import type { Answers, OpenMesh, ReadAnswer, ReadQuestion } from '../../target.ts';
import { observed } from '../answers.ts';
import type { ClusterMeshDescription } from '../description.ts';
import { opened } from '../start.ts';
import { callFrom } from './call.ts';
import { lanesOf, renamedIn } from './lanes.ts';
import { put, remove } from './objects.ts';
import { podsGone, podsStand, prepared } from './pods.ts';
import { readFrom } from './read.ts';

export interface ClusterMeshOptions {
  readonly connection: StreamingConnection;
  readonly mesh: ClusterMeshDescription;
  /** Of the test application. */
  readonly image: string;
  /** Settles when everything that is written is in force; only where the mesh can tell. */
  readonly landed?: () => Promise<void>;
}

/** Where a case runs: the namespaces of its lane, one case at a time. */
interface Lane {
  /** From the names of each of its cases to its own. */
  readonly namespaces: readonly string[];
  readonly topology: readonly Manifest[];
  /** When the case before has gone. */
  free: Promise<void>;
}

interface Running {
  readonly lane: Lane;
  readonly names: ReadonlyMap<string, string>;
  /** What the steps so far have put there. */
  readonly applied: Map<string, Manifest>;
  readonly removed: Set<string>;
  readonly leave: () => void;
}

const podsMillis = 240_000;
/** So many start at a time. */
const wave = 6;
/** Whoever is still there then is not waited for. */
const goneMillis = 60_000;
const runBytes = 2;

/** Pods of a batch in a cluster; each topology stands once, and its cases come one after the other. */
export class ClusterConformanceMesh implements OpenMesh {
  readonly #options: ClusterMeshOptions;
  readonly #lanes = new Map<ConformanceCase, Lane>();
  readonly #running = new Map<ConformanceCase, Running>();
  /** By namespace of a case. */
  readonly #owners = new Map<string, ConformanceCase>();
  readonly #namespaces: string[] = [];

  private constructor(options: ClusterMeshOptions) {
    this.#options = options;
  }

  static async open(batch: readonly ConformanceCase[], options: ClusterMeshOptions): Promise<ClusterConformanceMesh> {
    const mesh = new ClusterConformanceMesh(options);
    return opened(mesh, mesh.#start(batch));
  }

  async apply(testCase: ConformanceCase, step: Step): Promise<void> {
    const running = this.#running.get(testCase) ?? (await this.#enter(testCase));
    const { connection } = this.#options;
    for (const each of step.remove) {
      const name = renamedIn(each, running.names);
      const key = `${name.kind} ${name.namespace}/${name.name}`;
      const before = running.applied.get(key) ?? running.lane.topology.find((manifest) => keyOf(manifest) === key);
      if (before === undefined) throw new Error(`there is no ${key} to remove`);
      await remove(connection, String(before.apiVersion), name);
      running.removed.add(key);
    }
    for (const each of step.apply) {
      const manifest = this.#prepared(renamedIn(each, running.names));
      await put(connection, manifest);
      running.applied.set(keyOf(manifest), manifest);
    }
    await this.#settled();
  }

  async ask(question: CaseQuestion, times: number): Promise<Answers> {
    const testCase = this.#owners.get(question.from.slice(0, question.from.indexOf('/')));
    const running = testCase && this.#running.get(testCase);
    if (running === undefined) throw new Error(`nothing was applied for ${question.from}`);
    const { from, host, port, traffic } = renamedIn(question, running.names);
    const [namespace = '', pod = ''] = from.split('/');
    const name = this.#options.mesh.hosts === 'full' ? inFull(host, namespace) : host;
    const call = { ...traffic, address: name, host: name, port, times };
    const results = await callFrom(this.#options.connection, { namespace, pod }, call);
    const back = reversed(running.names);
    const { answers } = this.#options.mesh;
    return { kind: 'samples', observations: results.map((result) => observed(renamedIn(result, back), answers)) };
  }

  async read(testCase: ConformanceCase, question: ReadQuestion): Promise<ReadAnswer> {
    const running = this.#running.get(testCase);
    if (running === undefined) throw new Error(`nothing was applied for ${testCase.name}`);
    const answer = await readFrom(this.#options.connection, renamedIn(question, running.names));
    return renamedIn(answer, reversed(running.names));
  }

  async finish(testCase: ConformanceCase): Promise<void> {
    const running = this.#running.get(testCase);
    if (running === undefined) return;
    this.#running.delete(testCase);
    const { connection } = this.#options;
    try {
      const standing = new Map(running.lane.topology.map((manifest) => [keyOf(manifest), manifest]));
      for (const [key, manifest] of running.applied)
        if (!standing.has(key)) await remove(connection, String(manifest.apiVersion), nameOf(manifest));
      for (const [key, manifest] of standing)
        if (running.applied.has(key) || running.removed.has(key)) await put(connection, manifest);
    } finally {
      running.leave();
    }
  }

  /** The pods of the next batch need their room. */
  async close(): Promise<void> {
    const { connection } = this.#options;
    for (const name of this.#namespaces) await remove(connection, 'v1', { kind: 'Namespace', namespace: '', name });
    await podsGone(connection, this.#namespaces, goneMillis);
  }

  async #start(batch: readonly ConformanceCase[]): Promise<void> {
    const run = randomBytes(runBytes).toString('hex');
    const pods = lanesOf(batch).flatMap((cases, index) => this.#plan(cases, `smi-conformance-${run}-${index + 1}`));
    const manifests = [...new Set(this.#lanes.values())].flatMap(({ topology }) => topology);
    for (const kind of ['Namespace', 'ServiceAccount', 'Service'])
      for (const manifest of manifests.filter((each) => each.kind === kind)) await this.#create(manifest);
    const podManifests = manifests.filter(({ kind }) => kind === 'Pod');
    for (let from = 0; from < podManifests.length; from += wave) {
      const some = podManifests.slice(from, from + wave);
      for (const manifest of some) await this.#create(manifest);
      const ids = some.map((manifest) => keyOf(manifest).replace('Pod ', ''));
      const started = pods.filter(({ id }) => ids.includes(id));
      await podsStand(this.#options.connection, started, podsMillis);
    }
    await this.#settled();
  }

  async #create(manifest: Manifest): Promise<void> {
    if (manifest.kind === 'Namespace') this.#namespaces.push(nameOf(manifest).name);
    const outcome = await put(this.#options.connection, manifest);
    if (outcome === 'refused') throw new Error(`the cluster refuses ${keyOf(manifest)}`);
  }

  /** Gives cases of one topology a lane; the pods that it has. */
  #plan(cases: readonly ConformanceCase[], name: string) {
    const [first] = cases;
    if (first === undefined) return [];
    const namespaces = first.namespaces.map((_, index) => (index === 0 ? name : `${name}-${index + 1}`));
    const names = namesOf(first, namespaces);
    const topology = first.topology.map((manifest) => this.#prepared(renamedIn(manifest, names)));
    const lane: Lane = { namespaces, topology, free: Promise.resolve() };
    for (const testCase of cases) {
      this.#lanes.set(testCase, lane);
      for (const own of testCase.namespaces) this.#owners.set(own, testCase);
    }
    return renamedIn(first.pods, names);
  }

  #prepared(manifest: Manifest): Manifest {
    return prepared(manifest, this.#options.mesh, this.#options.image);
  }

  async #enter(testCase: ConformanceCase): Promise<Running> {
    const lane = this.#lanes.get(testCase);
    if (lane === undefined) throw new Error(`${testCase.name} is of another batch`);
    const before = lane.free;
    const gone = Promise.withResolvers<void>();
    lane.free = before.then(() => gone.promise);
    await before;
    const names = namesOf(testCase, lane.namespaces);
    const running = { lane, names, applied: new Map(), removed: new Set<string>(), leave: gone.resolve };
    this.#running.set(testCase, running);
    return running;
  }

  async #settled(): Promise<void> {
    const { landed, mesh } = this.#options;
    if (typeof mesh.settles === 'number') await pause(mesh.settles);
    else await landed?.();
  }
}

function reversed(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([...names].map(([own, lane]) => [lane, own]));
}

function keyOf(manifest: Manifest): string {
  const { kind, namespace, name } = nameOf(manifest);
  return `${kind} ${namespace}/${name}`;
}

function namesOf({ namespaces }: ConformanceCase, lane: readonly string[]): ReadonlyMap<string, string> {
  return new Map(namespaces.map((name, index) => [name, lane[index] ?? name]));
}

/** `SERVICE`, `SERVICE.NAMESPACE` and longer forms as the longest. */
function inFull(host: string, home: string): string {
  const [service = '', namespace = home] = host.split('.');
  return `${service}.${namespace}.svc.cluster.local`;
}
