import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';

/** A request that a program got. */
export interface Seen {
  readonly workload: WorkloadId;
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/**
 * Programs of all workloads of a mesh that do what the request's query asks for: `fail=STATUS` answers so, `fail=reset` ends
 * the connection, and `slow=MILLIS` waits, each for the first `times` requests to the same target (default: all);
 * `only=POD` for that pod's program alone. Everything else is answered 200. `trailers` sends a trailer, `drip=MILLIS` the end of
 * the answer so much later than its head.
 */
export class ScriptedPrograms {
  readonly seen: Seen[] = [];
  readonly #servers: Server[] = [];

  /** `dead`: workloads whose program does not run. */
  async start(model: MeshModel, dead: readonly string[] = []): Promise<void> {
    for (const { id, name, ports } of Object.values(model.workloads)) {
      if (dead.includes(name)) continue;
      for (const { app } of ports) {
        const server = createServer((request, response) => this.#answer(id, name, request, response));
        this.#servers.push(server);
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(app.port, app.address, resolve);
        });
      }
    }
  }

  /** Of one target, in the order in which they came. */
  requests(target: string): readonly Seen[] {
    return this.seen.filter((one) => one.target === target);
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#servers.map((server) => {
        server.closeAllConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
      }),
    );
  }

  #answer(workload: WorkloadId, name: string, request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: target = '', headers } = request;
    this.seen.push({ workload, method, target, headers });
    const asked = new URL(target, 'http://program').searchParams;
    const times = Number(asked.get('times') ?? Number.POSITIVE_INFINITY);
    const now = (asked.get('only') ?? name) === name && this.requests(target).length <= times;
    const fail = now ? asked.get('fail') : null;
    const answer = () => {
      if (fail === 'reset') {
        request.socket.destroy();
        return;
      }
      response.setHeader('x-program', name);
      response.statusCode = fail === null ? 200 : Number(fail);
      if (asked.has('trailers')) {
        response.setHeader('Trailer', 'x-checksum');
        response.write('body');
        response.addTrailers({ 'x-checksum': 'abc' });
      }
      const drip = asked.get('drip');
      if (drip === null) response.end();
      else {
        response.write('begun');
        setTimeout(() => response.end('ended'), Number(drip)).unref();
      }
    };
    request.resume();
    const slow = now ? asked.get('slow') : null;
    if (slow === null) answer();
    else setTimeout(answer, Number(slow)).unref();
  }
}
