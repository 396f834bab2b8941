import { setTimeout as delay } from 'node:timers/promises';
import type { ApiClient } from '../../test/cluster/support/client.ts';
import { BenchFailure } from '../failure.ts';
import { type Mesh, podPath, readiness, splitPath, splitSpec } from './mesh.ts';

const perSecond = 25;

/** 25 changes a second, of what clusters change: of five, four pods that become ready or not and one split's weight. */
export class Changes {
  readonly #client: ApiClient;
  readonly #mesh: Mesh;
  readonly #stopped = new AbortController();
  readonly #running: Promise<void>;
  #failure: string | undefined;
  #made = 0;
  #seconds = 0;

  constructor(client: ApiClient, mesh: Mesh) {
    this.#client = client;
    this.#mesh = mesh;
    this.#running = this.#run();
  }

  /** How many were made each second. */
  async stop(): Promise<number> {
    this.#stopped.abort();
    await this.#running;
    if (this.#failure !== undefined) throw new BenchFailure(this.#failure);
    return this.#made / this.#seconds;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped;
    const began = performance.now();
    const pending: Promise<void>[] = [];
    for (let index = 0; !signal.aborted; index += 1) {
      pending.push(
        this.#make(index).catch((error: Error) => {
          this.#failure ??= error.message;
        }),
      );
      const due = began + ((index + 1) * 1000) / perSecond;
      await delay(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
    }
    this.#seconds = (performance.now() - began) / 1000;
    await Promise.all(pending);
  }

  async #make(index: number): Promise<void> {
    const { pods, size, moved } = this.#mesh;
    if (index % 5 === 0) {
      const split = moved + ((index * 7) % Math.max(1, size.splits - moved));
      await this.#patch(splitPath(split), splitSpec(split, 20_000_000 + index, size.services));
    } else {
      // The last half: those that simulated proxies stand for stay ready.
      const pod = pods[pods.length - 1 - ((index * 11) % Math.ceil(pods.length / 2))];
      if (pod !== undefined) await this.#patch(`${podPath(pod)}/status`, { status: readiness(index % 2 === 0) });
    }
    this.#made += 1;
  }

  async #patch(path: string, change: object): Promise<void> {
    const { status, body } = await this.#client.patch(path, change);
    if (status !== 200) throw new BenchFailure(`${path}: ${body.message}`);
  }
}
