import { createServer, type Server } from 'node:http';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import { serverPods } from './mesh.ts';

/** How long a pod goes on to serve after it has been taken out of the mesh. */
const graceMillis = 1_500;

/** The programs behind the pods: they run while their pod is in the mesh, and for a grace after it. */
export class Servers {
  readonly #running = new Map<string, Server>();
  readonly #leaving = new Map<string, NodeJS.Timeout>();

  /** Pods whose program is gone and may come again. */
  get idle(): readonly string[] {
    return serverPods.filter(({ name }) => !this.#running.has(name)).map(({ name }) => name);
  }

  /** Starts those that are ready; before the mesh hears of them. */
  async follow(model: MeshModel, ready: ReadonlySet<string>): Promise<void> {
    for (const name of ready) {
      if (!this.#running.has(name)) this.#running.set(name, await serve(model, name));
    }
    for (const name of this.#running.keys()) {
      if (ready.has(name) || this.#leaving.has(name)) continue;
      this.#leaving.set(
        name,
        setTimeout(() => this.#end(name), graceMillis),
      );
    }
  }

  stop(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    for (const name of [...this.#running.keys()]) this.#end(name);
  }

  #end(name: string): void {
    this.#leaving.delete(name);
    const server = this.#running.get(name);
    server?.close();
    server?.closeAllConnections();
    this.#running.delete(name);
  }
}

async function serve(model: MeshModel, name: string): Promise<Server> {
  const { address, port } = model.workloads[`default/${name}` as WorkloadId]!.ports[0]!.app;
  const server = createServer((_, response) => {
    setTimeout(() => response.end(name), Math.random() * 4);
  });
  // Longer than any sidecar keeps a connection.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return server;
}
