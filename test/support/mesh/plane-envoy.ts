import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type EnvoyOptions, staticBootstrap } from '../../../adapters/envoy/index.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type { MeshModel, Workload, WorkloadId } from '../../../src/model/types.ts';
import type { Credentials } from './credentials.ts';
import { Envoy, envoyOptions } from './envoy-process.ts';
import { randomHeader } from './exchange.ts';
import { outsideOf } from './outside.ts';
import type { Plane } from './planes.ts';

const adminPort = 15_001;

/** The real Envoy, one process for each workload, with the static bootstrap of our adapter. */
export function envoyPlane(binary: string, options: Partial<EnvoyOptions> = {}, args: readonly string[] = []): Plane {
  return {
    name: 'Envoy',
    refusedFlows: refusedByEnvoy,
    async start(model, workloads, credentials) {
      const folder = mkdtempSync(join(tmpdir(), 'smi-golden-envoy-'));
      const running: Envoy[] = [];
      const stop = async () => {
        await Promise.all(running.map((envoy) => envoy.stop()));
        rmSync(folder, { recursive: true, force: true });
      };
      try {
        for (const id of workloads) {
          const path = await writeBootstrap(model, id, credentials, folder, options);
          const { addresses } = model.workloads[id]!;
          running.push(new Envoy(binary, path, { host: addresses[0]!, port: adminPort }, args));
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

/** What the Envoy of a workload counts of flows of datagrams that came to nothing. */
export async function refusedByEnvoy({ addresses: [address] }: Workload): Promise<number> {
  const text = await (await fetch(`http://${address}:${adminPort}/stats`)).text();
  const counted = /^cluster\.(?:.*\.udp\.sess_tunnel_failure|empty\.upstream_cx_none_healthy): (\d+)$/gm;
  return [...text.matchAll(counted)].reduce((sum, [, count]) => sum + Number(count), 0);
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
      await promisify(execFile)(binary, ['--mode', 'validate', '--config-path', path, ...envoyOptions]);
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
  options: Partial<EnvoyOptions> = {},
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
    dnsServers: [outsideOf(model).dns],
    ...options,
  });
  return file('bootstrap.json', JSON.stringify(bootstrap));
}
