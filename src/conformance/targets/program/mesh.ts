import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCalls } from '../../application/calls.ts';
import { Counters } from '../../application/counters.ts';
import { serve } from '../../application/serve.ts';
import type { CaseQuestion, ConformanceCase, Step } from '../../case.ts';
import { CaseObjects } from '../../objects.ts';
import type { Answers, OpenMesh } from '../../target.ts';
import { observed } from '../answers.ts';
import type { ProgramMeshDescription } from '../description.ts';
import { acquireAddresses, opened } from '../start.ts';
import { addressesOf, listenersOf, listOf } from './pods.ts';
import { MeshProcess, type ServiceDoor } from './process.ts';

/** Programs of pods within this process, and between them a mesh that is a process of its own. */
export class ProgramConformanceMesh implements OpenMesh {
  readonly #description: ProgramMeshDescription;
  readonly #objects: ReadonlyMap<ConformanceCase, CaseObjects>;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #root = mkdtempSync(join(tmpdir(), 'smi-conformance-'));
  readonly #folder = join(this.#root, 'resources');
  #addresses: ReadonlyMap<string, string> = new Map();
  #mesh: MeshProcess | undefined;
  #doors: readonly ServiceDoor[] = [];

  private constructor(batch: readonly ConformanceCase[], description: ProgramMeshDescription) {
    this.#description = description;
    this.#objects = new Map(batch.map((testCase) => [testCase, new CaseObjects(testCase)]));
    mkdirSync(this.#folder);
  }

  static async open(
    batch: readonly ConformanceCase[],
    description: ProgramMeshDescription,
  ): Promise<ProgramConformanceMesh> {
    const mesh = new ProgramConformanceMesh(batch, description);
    return opened(mesh, mesh.#start(batch));
  }

  async apply(testCase: ConformanceCase, step: Step): Promise<void> {
    this.#objects.get(testCase)?.change(step);
    this.#write(testCase);
    this.#doors = (await this.#mesh?.changed()) ?? [];
  }

  async ask({ from, host, port, traffic }: CaseQuestion, times: number): Promise<Answers> {
    const [home = ''] = from.split('/');
    const [name = '', namespace = home] = host.split('.');
    const door = this.#doors.find((each) => each.service === `${namespace}/${name}` && each.port === port);
    if (door === undefined) throw new Error(`the mesh does not listen for port ${port} of ${namespace}/${name}`);
    const address = this.#addresses.get(from);
    const own = address === undefined ? {} : { from: address };
    const results = await makeCalls({ ...traffic, ...own, address: door.address, port: door.at, host, times });
    return { kind: 'samples', observations: results.map((result) => observed(result, this.#description.answers)) };
  }

  /** In the opposite order of their starts. */
  async close(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    rmSync(this.#root, { recursive: true, force: true });
  }

  async #start(batch: readonly ConformanceCase[]): Promise<void> {
    const state = await acquireAddresses(join(this.#root, 'state'));
    this.#stops.push(() => state.release());
    this.#addresses = addressesOf(batch, state.base);
    for (const pod of batch.flatMap(({ pods }) => pods)) {
      const listeners = listenersOf(pod, this.#addresses.get(pod.id) ?? '');
      this.#stops.push(await serve(pod.id, listeners, new Counters()));
    }
    for (const testCase of batch) this.#write(testCase);
    const mesh = new MeshProcess(this.#description, this.#folder);
    this.#mesh = mesh;
    this.#stops.push(() => mesh.stop());
    this.#doors = await mesh.changed();
  }

  /** Moved into place whole, so that the mesh never reads half a file. */
  #write(testCase: ConformanceCase): void {
    const objects = this.#objects.get(testCase)?.list() ?? [];
    const name = `${testCase.namespaces[0]}.json`;
    const draft = join(this.#root, name);
    writeFileSync(draft, JSON.stringify(listOf(objects, this.#addresses)));
    renameSync(draft, join(this.#folder, name));
  }
}
