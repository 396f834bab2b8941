import type { ApiClient } from '../../test/cluster/support/client.ts';
import { runKubectl } from '../../test/cluster/support/kubectl.ts';
import { BenchFailure } from '../failure.ts';
import type { Fleet } from './fleet.ts';
import { type Mesh, nameOf, namespaceOf, splitPath, splitSpec } from './mesh.ts';

/** Four octets as a varint, unlike any other number of the mesh. */
const firstWeight = 5_000_000;

export interface Move {
  /** From the patch to the acknowledgement of the last proxy. */
  readonly millis: number;
  /** Of it, until the apiserver had answered. */
  readonly answeredMillis: number;
  readonly bytes: number;
}

/** Moves the weights of one split after the other, each when every proxy has the one before. */
export class Moves {
  readonly #client: ApiClient;
  readonly #fleet: Fleet;
  readonly #mesh: Mesh;
  #count = 0;

  constructor(client: ApiClient, fleet: Fleet, mesh: Mesh) {
    this.#client = client;
    this.#fleet = fleet;
    this.#mesh = mesh;
  }

  async one(): Promise<Move> {
    return await this.#move(async (index, spec) => {
      const { status, body } = await this.#client.patch(splitPath(index), spec);
      if (status !== 200) throw new BenchFailure(`${splitPath(index)}: ${body.message}`);
    });
  }

  /** By a process of kubectl, its start and its questions included. */
  async byKubectl(kubeconfig: string): Promise<Move> {
    return await this.#move(async (index, spec) => {
      const name = ['trafficsplits.v1alpha4.split.smi-spec.io', nameOf(index), '--namespace', namespaceOf(index)];
      const args = ['patch', ...name, '--type', 'merge', '--patch', JSON.stringify(spec)];
      const { status, stderr } = await runKubectl(kubeconfig, args);
      if (status !== 0) throw new BenchFailure(stderr);
    });
  }

  async #move(patch: (index: number, spec: object) => Promise<void>): Promise<Move> {
    const index = this.#count % this.#mesh.moved;
    const weight = firstWeight + this.#count;
    this.#count += 1;
    await this.#fleet.expect(weight);
    const began = performance.now();
    const acknowledged = this.#fleet.acknowledged();
    const answered = patch(index, splitSpec(index, weight, this.#mesh.size.services)).then(
      () => performance.now() - began,
    );
    const [landed, answeredMillis] = await Promise.all([
      acknowledged.then(({ bytes }) => ({ bytes, millis: performance.now() - began })),
      answered,
    ]);
    return { ...landed, answeredMillis };
  }
}
