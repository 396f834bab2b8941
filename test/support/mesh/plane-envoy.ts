import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { staticBootstrap } from '../../../adapters/envoy/index.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import type { Credentials } from './credentials.ts';
import { randomHeader } from './exchange.ts';
import { RawClient } from './http-client.ts';
import type { Plane } from './planes.ts';

const readyMillis = 30_000;
const stopMillis = 10_000;
const adminPort = 15_001;
const options = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error'];

/** The real Envoy, one process for each workload, with the static bootstrap of our adapter. */
export function envoyPlane(binary: string): Plane {
  return {
    name: 'Envoy',
    async start(model, workloads, credentials) {
      const folder = mkdtempSync(join(tmpdir(), 'smi-golden-envoy-'));
      const running: Envoy[] = [];
      const stop = async () => {
        await Promise.all(running.map((envoy) => envoy.stop()));
        rmSync(folder, { recursive: true, force: true });
      };
      try {
        for (const id of workloads) {
          const path = await writeBootstrap(model, id, credentials, folder);
          const { addresses } = model.workloads[id]!;
          running.push(new Envoy(binary, path, { host: addresses[0]!, port: adminPort }));
        }
        await Promise.all(running.map((envoy) => envoy.ready()));
      } catch (error) {
        await stop();
        throw error;
      }
      return stop;
    },
  };
}

/** Asks Envoy whether it accepts the bootstraps of some workloads; rejects with its words when it does not. */
export async function validateBootstraps(
  binary: string,
  model: MeshModel,
  workloads: readonly WorkloadId[],
  credentials: Credentials,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'smi-golden-validate-'));
  try {
    for (const id of workloads) {
      const path = await writeBootstrap(model, id, credentials, folder);
      await promisify(execFile)(binary, ['--mode', 'validate', '--config-path', path, ...options]);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function writeBootstrap(
  model: MeshModel,
  id: WorkloadId,
  credentials: Credentials,
  folder: string,
): Promise<string> {
  const { namespace, serviceAccount, addresses } = model.workloads[id]!;
  const svid = await credentials.issued(spiffeId(model.trustDomain, namespace, serviceAccount));
  const base = join(folder, id.replace('/', '.'));
  const file = (name: string, text: string): string => {
    writeFileSync(`${base}.${name}`, text, { mode: 0o600 });
    return `${base}.${name}`;
  };
  const bootstrap = staticBootstrap(model, id, {
    certificates: {
      certificateChain: file('chain.pem', svid.certificateChain),
      privateKey: file('key.pem', svid.privateKey),
      trustBundle: file('roots.pem', svid.trustBundle),
    },
    admin: { address: addresses[0]!, port: adminPort },
    testRandomHeader: randomHeader,
  });
  return file('bootstrap.json', JSON.stringify(bootstrap));
}

/** Runs a program that ends when its standard input does: whatever ends the tests, no Envoy outlives them. */
const tethered = 'exec 3<&0; (read -r _ <&3; kill $$) & exec "$@" 3<&- </dev/null';

class Envoy {
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #admin: { host: string; port: number };
  #output = '';
  #over = false;

  constructor(binary: string, bootstrap: string, admin: { host: string; port: number }) {
    this.#admin = admin;
    this.#child = spawn('/bin/sh', ['-c', tethered, 'sh', binary, '--config-path', bootstrap, ...options], {
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-4_000);
    });
    this.#exited = new Promise((resolve) => {
      const over = () => {
        this.#over = true;
        resolve();
      };
      this.#child.once('exit', over);
      this.#child.once('error', over);
    });
  }

  /** Settles when Envoy says that it is live. */
  async ready(): Promise<void> {
    const limit = Date.now() + readyMillis;
    while (!(await this.#isLive())) {
      if (this.#over) throw new Error(`Envoy has ended: ${this.#output}`);
      if (Date.now() > limit) throw new Error(`Envoy is not ready in time: ${this.#output}`);
      await delay(20);
    }
  }

  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMillis);
    this.#child.stdin?.end();
    await this.#exited;
    clearTimeout(timer);
  }

  async #isLive(): Promise<boolean> {
    const client = new RawClient(
      () =>
        new Promise((resolve, reject) => {
          const socket = connect(this.#admin, () => resolve(socket));
          socket.once('error', reject);
        }),
    );
    const response = await client.send({ method: 'GET', path: '/ready', headers: [['Host', 'admin']] });
    client.close();
    return response.kind === 'response' && response.status === 200;
  }
}
