import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { StreamingConnection } from '../../../kubernetes-client/connect.ts';
import type { CasePod, CaseQuestion, ConformanceCase, Manifest, Step } from '../../case.ts';
import { nameOf } from '../../objects.ts';
import type { Answers, OpenMesh, ReadAnswer, ReadQuestion } from '../../target.ts';
import { observed } from '../answers.ts';
import type { ClusterMeshDescription } from '../description.ts';
import { opened } from '../start.ts';
import { callFrom } from './call.ts';
import { renamedIn } from './lanes.ts';
import { put, remove } from './objects.ts';
import { podsGone, podsStand, prepared } from './pods.ts';
import { readFrom } from './read.ts';
import type { Turns } from './turns.ts';

export interface ClusterMeshOptions {
  readonly connection: StreamingConnection;
  readonly mesh: ClusterMeshDescription;
  /** Of the test application. */
  readonly image: string;
  /** Settles when everything that is written is in force; only where the mesh can tell. */
  readonly landed?: () => Promise<void>;
}

/** The case that runs. */
interface Running {
  readonly testCase: ConformanceCase;
  /** From the names of its namespaces to those of the lane. */
  readonly names: ReadonlyMap<string, string>;
  /** What the steps so far have put there. */
  readonly applied: Map<string, Manifest>;
  readonly removed: Set<string>;
}

const podsMillis = 240_000;
/** Whoever is still there then is not waited for. */
const goneMillis = 60_000;
const laneBytes = 4;

/** Pods of a lane in a cluster; its cases come one after the other. */
export class ClusterConformanceMesh implements OpenMesh {
  readonly #options: ClusterMeshOptions;
  /** In the order of those of each case. */
  readonly #namespaces: readonly string[];
  readonly #topology: readonly Manifest[];
  readonly #pods: readonly CasePod[];
  #running: Running | undefined;

  private constructor([first]: readonly ConformanceCase[], options: ClusterMeshOptions) {
    if (first === undefined) throw new Error('a lane without a case');
    this.#options = options;
    const name = `smi-conformance-${randomBytes(laneBytes).toString('hex')}`;
    this.#namespaces = first.namespaces.map((_, index) => (index === 0 ? name : `${name}-${index + 1}`));
    const names = this.#namesOf(first);
    this.#topology = first.topology.map((manifest) => this.#prepared(renamedIn(manifest, names)));
    this.#pods = renamedIn(first.pods, names);
  }

  static async open(
    lane: readonly ConformanceCase[],
    options: ClusterMeshOptions,
    starts: Turns,
  ): Promise<ClusterConformanceMesh> {
    const mesh = new ClusterConformanceMesh(lane, options);
    return opened(
      mesh,
      starts.take(() => mesh.#start()),
    );
  }

  async apply(testCase: ConformanceCase, step: Step): Promise<void> {
    if (this.#running?.testCase !== testCase) this.#running = this.#begun(testCase);
    const { names, applied, removed } = this.#running;
    const { connection } = this.#options;
    for (const each of step.remove) {
      const name = renamedIn(each, names);
      const key = `${name.kind} ${name.namespace}/${name.name}`;
      const before = applied.get(key) ?? this.#topology.find((manifest) => keyOf(manifest) === key);
      if (before === undefined) throw new Error(`there is no ${key} to remove`);
      await remove(connection, String(before.apiVersion), name);
      removed.add(key);
    }
    for (const each of step.apply) {
      const manifest = this.#prepared(renamedIn(each, names));
      await put(connection, manifest);
      applied.set(keyOf(manifest), manifest);
    }
    await this.#settled();
  }

  async ask(question: CaseQuestion, times: number): Promise<Answers> {
    const { names } = this.#current(question.from);
    const { from, host, port, traffic } = renamedIn(question, names);
    const [namespace = '', pod = ''] = from.split('/');
    const name = this.#options.mesh.hosts === 'full' ? inFull(host, namespace) : host;
    const call = { ...traffic, address: name, host: name, port, times };
    const results = await callFrom(this.#options.connection, { namespace, pod }, call);
    const back = reversed(names);
    const { answers } = this.#options.mesh;
    const outside = this.#pods.some((each) => each.id === from && each.outside);
    // Who is no peer of the mesh need not be told in HTTP why it is refused.
    const signs = outside ? { ...answers, denied: [...answers.denied, 'closed' as const] } : answers;
    return { kind: 'samples', observations: results.map((result) => observed(renamedIn(result, back), signs)) };
  }

  async read(testCase: ConformanceCase, question: ReadQuestion): Promise<ReadAnswer> {
    const { names } = this.#current(testCase.name);
    const answer = await readFrom(this.#options.connection, renamedIn(question, names));
    return renamedIn(answer, reversed(names));
  }

  async finish(testCase: ConformanceCase): Promise<void> {
    const running = this.#running;
    if (running?.testCase !== testCase) return;
    this.#running = undefined;
    const { connection } = this.#options;
    const standing = new Map(this.#topology.map((manifest) => [keyOf(manifest), manifest]));
    for (const [key, manifest] of running.applied)
      if (!standing.has(key)) await remove(connection, String(manifest.apiVersion), nameOf(manifest));
    for (const [key, manifest] of standing)
      if (running.applied.has(key) || running.removed.has(key)) await put(connection, manifest);
  }

  /** Pods of the next lane need their room. */
  async close(): Promise<void> {
    const { connection } = this.#options;
    for (const name of this.#namespaces) await remove(connection, 'v1', { kind: 'Namespace', namespace: '', name });
    await podsGone(connection, this.#namespaces, goneMillis);
  }

  async #start(): Promise<void> {
    for (const kind of ['Namespace', 'ServiceAccount', 'Service', 'Pod'])
      for (const manifest of this.#topology.filter((each) => each.kind === kind)) await this.#create(manifest);
    await podsStand(this.#options.connection, this.#pods, podsMillis);
    await this.#settled();
  }

  async #create(manifest: Manifest): Promise<void> {
    const outcome = await put(this.#options.connection, manifest);
    if (outcome === 'refused') throw new Error(`the cluster refuses ${keyOf(manifest)}`);
  }

  #prepared(manifest: Manifest): Manifest {
    return prepared(manifest, this.#options.mesh, this.#options.image);
  }

  #namesOf({ namespaces }: ConformanceCase): ReadonlyMap<string, string> {
    return new Map(namespaces.map((name, index) => [name, this.#namespaces[index] ?? name]));
  }

  #begun(testCase: ConformanceCase): Running {
    return { testCase, names: this.#namesOf(testCase), applied: new Map(), removed: new Set() };
  }

  #current(asker: string): Running {
    if (this.#running === undefined) throw new Error(`nothing was applied for ${asker}`);
    return this.#running;
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

/** `SERVICE`, `SERVICE.NAMESPACE` and longer forms as the longest. */
function inFull(host: string, home: string): string {
  const [service = '', namespace = home] = host.split('.');
  return `${service}.${namespace}.svc.cluster.local`;
}
