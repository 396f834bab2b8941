import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { adsBootstrap, credentialFiles, secretFiles } from '../../../adapters/envoy/index.ts';
import type { Plane } from '../../../src/control/plane.ts';
import type { MeshModel, Workload } from '../../../src/model/types.ts';
import { Envoy } from '../../support/mesh/envoy-process.ts';
import type { Variant } from './slot.ts';

const adminPort = 15_001;

export interface SidecarOptions {
  readonly binary: string;
  readonly folder: string;
  readonly variant: Variant;
  readonly controlPlane: Pick<Plane, 'ads' | 'issue'>;
  /** A bootstrap that others wrote: without our limits and switches. */
  readonly foreign?: boolean;
}

/** Starts the Envoy of a workload, which asks the control plane for everything; it may not be ready yet. */
export async function startEnvoy(workload: Workload, options: SidecarOptions): Promise<Envoy> {
  const { binary, folder, variant, controlPlane, foreign = false } = options;
  const directory = join(folder, workload.id.replace('/', '.'));
  mkdirSync(directory, { recursive: true });
  const write = (file: string, text: string): string => {
    writeFileSync(join(directory, file), text, { mode: 0o600 });
    return join(directory, file);
  };
  const svid = await controlPlane.issue(workload.identity);
  write(credentialFiles.certificateChain, svid.certificateChain);
  write(credentialFiles.privateKey, svid.privateKey);
  write(credentialFiles.trustBundle, svid.trustBundle);
  for (const [file, content] of Object.entries(secretFiles(directory))) write(file, JSON.stringify(content));
  const address = workload.addresses[0]!;
  const admin = { address, port: adminPort };
  const bootstrap = adsBootstrap(
    { id: workload.id, cluster: workload.name, admin, sourceAddress: address },
    { ...controlPlane.ads, variant },
    directory,
  );
  const { layeredRuntime, ...others } = bootstrap;
  const file = write('bootstrap.json', JSON.stringify(foreign ? others : { ...others, layeredRuntime }));
  return new Envoy(binary, file, { host: address, port: adminPort });
}

/** The programs of every workload, which answer with the workload's name. */
export async function startServers(model: MeshModel): Promise<readonly Server[]> {
  const workloads = Object.values(model.workloads);
  return Promise.all(
    workloads.flatMap(({ name, ports }) =>
      ports.map(async ({ app }) => {
        const server = createServer((_request, response) => response.end(name));
        await new Promise<void>((resolve, reject) => {
          server.once('error', reject);
          server.listen(app.port, app.address, resolve);
        });
        return server;
      }),
    ),
  );
}
