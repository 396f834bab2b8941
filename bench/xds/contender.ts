import { freePort } from '../../test/support/free-ports.ts';
import { BenchFailure } from '../failure.ts';
import { waitForPort } from '../processes.ts';
import { usageOf } from '../processor-time.ts';
import { type Fixture, routesType } from './fixture.ts';
import type { Variant } from './fixture-file.ts';
import { Program } from './program.ts';
import type { XdsSubject } from './subjects.ts';

export interface XdsPlace {
  readonly taskset: string;
  /** Of the server, and of its clients. */
  readonly cores: { readonly server: string; readonly clients: string };
  readonly goProgram: string;
  /** Of the server and of its clients, as `CERTIFICATE,KEY,AUTHORITY`; without them there is no TLS. */
  readonly identities: { readonly server: string; readonly client: string } | undefined;
}

/** What a client program tells of a first load or a change (go/clients.go). */
interface ClientReport {
  readonly bytes: number;
  readonly acks: readonly number[];
  readonly surplus: number;
}

export interface FirstLoad {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly bytesPerClient: number;
}

export interface Changes {
  /** From the changed weight to the last acknowledgement, of each change. */
  readonly micros: readonly number[];
  readonly pushes: number;
  readonly cpuMicros: number;
  readonly bytes: number;
}

const loadLimitMillis = 900_000;
const changeLimitMillis = 60_000;

/** A server with its clients, all of which have everything and the right bytes of it. */
export class Contender {
  readonly name: string;
  readonly first: FirstLoad;
  readonly #server: Program;
  readonly #clients: Program;
  readonly #count: number;
  readonly #weighted: readonly string[];
  #acks: number;
  #changed = 0;

  private constructor(
    name: string,
    programs: { readonly server: Program; readonly clients: Program; readonly count: number },
    weighted: readonly string[],
    first: FirstLoad,
    acks: number,
  ) {
    this.name = name;
    this.#server = programs.server;
    this.#clients = programs.clients;
    this.#count = programs.count;
    this.#weighted = weighted;
    this.first = first;
    this.#acks = acks;
  }

  /** Programs that were started before a failure are handed to `started` nevertheless. */
  static async start(
    { name, command }: XdsSubject,
    place: XdsPlace,
    fixture: Fixture,
    count: number,
    wildcard: boolean,
    started: (program: Program) => void,
  ): Promise<Contender> {
    const port = await freePort();
    const start = command({ fixture: fixture.path, port, identity: place.identities?.server });
    const { taskset, cores, goProgram, identities } = place;
    const server = new Program({ name, taskset, cores: cores.server, ...start });
    started(server);
    if (!(await waitForPort(port, () => server.running))) throw server.failure(`it does not listen on port ${port}`);
    const before = usageOf(server.pid).cpuMicros;
    const began = performance.now();
    const flags = ['-address', `127.0.0.1:${port}`, '-count', String(count), '-fixture', fixture.path];
    const args = ['clients', ...flags, '-tls', identities?.client ?? '', ...(wildcard ? ['-wildcard'] : [])];
    const of = `clients of ${name}`;
    const clients = new Program({ name: of, taskset, cores: cores.clients, command: goProgram, args });
    started(clients);
    const report = JSON.parse(await clients.next('report of the first load', loadLimitMillis)) as ClientReport;
    const first: FirstLoad = {
      seconds: (performance.now() - began) / 1000,
      cpuSeconds: (usageOf(server.pid).cpuMicros - before) / 1e6,
      bytesPerClient: report.bytes / count,
    };
    return new Contender(name, { server, clients, count }, fixture.weighted, first, report.acks[routesType] ?? 0);
  }

  get rssBytes(): number {
    return usageOf(this.#server.pid).rssBytes;
  }

  /** Moves one weight after the other, each when every client has acknowledged the one before. */
  async change(limit: { readonly millis: number; readonly changes: number }): Promise<Changes> {
    const micros: number[] = [];
    let bytes = 0;
    const before = usageOf(this.#server.pid).cpuMicros;
    const deadline = performance.now() + limit.millis;
    while (micros.length < limit.changes && (micros.length === 0 || performance.now() < deadline)) {
      const change = await this.#changeOne();
      micros.push(change.micros);
      bytes += change.bytes;
    }
    const cpuMicros = usageOf(this.#server.pid).cpuMicros - before;
    return { micros, pushes: micros.length * this.#count, cpuMicros, bytes };
  }

  async #changeOne(): Promise<{ readonly micros: number; readonly bytes: number }> {
    const round = Math.floor(this.#changed / this.#weighted.length);
    const name = this.#weighted[this.#changed % this.#weighted.length] ?? '';
    const variant: Variant = round % 2 === 0 ? 'b' : 'a';
    this.#changed++;
    this.#clients.tell(`${routesType} ${name} ${variant}`);
    await this.#clients.next('readiness', changeLimitMillis);
    this.#server.tell(`${routesType} ${name} ${variant} ${this.#acks + this.#count}`);
    const told = await Promise.all([
      this.#server.next('last acknowledgement', changeLimitMillis),
      this.#clients.next('report of a change', changeLimitMillis),
    ]);
    const { bytes, acks, surplus } = JSON.parse(told[1]) as ClientReport;
    if (surplus > 0) throw new BenchFailure(`${this.name}: clients got ${surplus} resources that did not change`);
    this.#acks = acks[routesType] ?? 0;
    return { micros: Number(told[0]), bytes };
  }
}
