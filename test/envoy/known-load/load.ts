import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { RunningMesh, until } from '../../e2e/support/mesh.ts';

const startMillis = 120_000;
const patience = 90_000;
const versions = ['v1', 'v2'] as const;

/** What a store is asked for: an answer so late, with this status. */
interface Wanted {
  readonly id: string;
  readonly millis: number;
  readonly code: number;
}

interface Sent {
  readonly id: string;
  readonly status: number;
  readonly error?: string;
  readonly version?: string;
  readonly taken?: number;
}

/** A request that a store answered: how long it took there, and for the client; that of any proxy in between is neither less nor more. */
export interface Known {
  readonly version: string;
  readonly code: number;
  readonly serverMillis: number;
  readonly clientMillis: number;
}

/** The mesh of the folder `mesh`, and what it is known to have carried. */
export class LoadedMesh {
  readonly root = mkdtempSync(join(tmpdir(), 'smi-load-'));
  readonly state = join(this.root, 'state');
  readonly mesh: RunningMesh;
  known: readonly Known[] = [];
  denied = 0;

  constructor(...options: readonly string[]) {
    const folder = join(this.root, 'mesh');
    cpSync(join(import.meta.dirname, 'mesh'), folder, { recursive: true });
    this.mesh = new RunningMesh(folder, this.state, '--dashboard-port', '0', ...options);
  }

  async ready(): Promise<void> {
    await this.mesh.next('ready', 0, undefined, startMillis);
    for (const pod of ['client-0', 'thief-0', 'store-v1-0', 'store-v2-0'])
      await until(
        () => this.#control(pod) !== '',
        patience,
        () => `${pod} to listen; ${this.mesh.tail()}`,
      );
  }

  /** 200 requests of the client, some slow and some answered with 503, and ten of the thief. */
  async load(): Promise<void> {
    const plan = [...times(120, 5, 200), ...times(60, 40, 200), ...times(15, 250, 200), ...times(5, 20, 503)];
    const wanted = plan.map((each, index) => ({ ...each, id: String(index) }));
    const sent = await this.#send('client-0', wanted);
    const stolen = await this.#send(
      'thief-0',
      times(10, 0, 200).map((each, index) => ({ ...each, id: `t${index}` })),
    );
    expect(stolen.map(({ status, error }) => error ?? status)).toEqual(Array(10).fill(403));
    this.denied = stolen.length;
    const served = Object.fromEntries(
      await Promise.all(versions.map(async (version) => [version, await this.#taken(`store-${version}-0`)] as const)),
    );
    this.known = wanted.map(({ id, code }) => {
      const { status, version = '', taken } = sent.find((one) => one.id === id) ?? {};
      const serverMillis = served[version]?.[id];
      if (status !== code || serverMillis === undefined || taken === undefined)
        throw new Error(`request ${id} was answered with ${status} by ${version}, not ${code}; ${this.mesh.tail()}`);
      return { version, code, serverMillis, clientMillis: taken };
    });
  }

  /** Of a version alone, or of both. */
  knownOf(version?: string): readonly Known[] {
    return this.known.filter((one) => version === undefined || one.version === version);
  }

  get dashboard(): string {
    const url = this.mesh.all('dashboard').at(-1)?.url;
    if (url === undefined) throw new Error(`there is no dashboard; ${this.mesh.tail()}`);
    return new URL(url).origin;
  }

  async stop(): Promise<void> {
    await this.mesh.stop();
    rmSync(this.root, { recursive: true, force: true });
  }

  #control(pod: string): string {
    const lines = this.mesh.all('log').filter((event) => event.pod === `default/${pod}`);
    return lines.findLast(({ line }) => line.startsWith('control '))?.line.slice('control '.length) ?? '';
  }

  async #send(pod: string, plan: readonly Wanted[]): Promise<readonly Sent[]> {
    const options = { method: 'POST', body: JSON.stringify(plan), signal: AbortSignal.timeout(patience) };
    return (await (await fetch(this.#control(pod), options)).json()) as readonly Sent[];
  }

  async #taken(pod: string): Promise<Readonly<Record<string, number>>> {
    return (await (await fetch(this.#control(pod))).json()) as Readonly<Record<string, number>>;
  }
}

function times(count: number, millis: number, code: number): readonly Omit<Wanted, 'id'>[] {
  return Array(count).fill({ millis, code });
}

/** Where a percentile of what a proxy measured has to be: between those of the server and of the client, but for the stated error. */
export function expectPercentile(known: readonly Known[], q: number, said: number, error: number): void {
  const rank = Math.max(1, Math.ceil(q * known.length)) - 1;
  const sorted = (pick: (one: Known) => number) => known.map(pick).sort((one, other) => one - other);
  const least = sorted(({ serverMillis }) => serverMillis)[rank] ?? 0;
  const most = sorted(({ clientMillis }) => clientMillis)[rank] ?? 0;
  expect(said, `p${q * 100} of ${known.length}`).toBeGreaterThanOrEqual(least * (1 - error));
  expect(said, `p${q * 100} of ${known.length}`).toBeLessThanOrEqual(most * (1 + error));
}
