import { accessSync, constants, readdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { adsBootstrap, credentialFiles, secretFiles } from '../../adapters/envoy/index.ts';
import type { EnvoyRuntime } from '../control/local/data-plane.ts';

/** How an Envoy that was found is run beside pods. */
export function envoyRuntime(binary: string): EnvoyRuntime {
  return {
    binary,
    credentialFiles,
    files({ id, cluster, address, adminPort, telemetrySocket }, ads, directory) {
      const admin = { address, port: adminPort };
      const process = { id, cluster, admin, sourceAddress: address, telemetrySocket };
      const bootstrap = adsBootstrap(process, { ...ads, variant: 'delta' }, directory);
      const files = { 'bootstrap.json': bootstrap, ...secretFiles(directory) };
      return Object.fromEntries(Object.entries(files).map(([name, content]) => [name, JSON.stringify(content)]));
    },
  };
}

/**
 * The Envoy to run: the one that is named, that of `ENVOY_BIN`, one on the `PATH`, or the newest of those that the set-up of a
 * checkout has fetched. `undefined` when there is none; one that is named must be there.
 */
export function findEnvoy(named: string | undefined, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const chosen = named ?? (environment.ENVOY_BIN || undefined);
  if (chosen !== undefined) return isProgram(chosen) ? chosen : undefined;
  const onPath = (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, 'envoy'));
  return [...onPath, ...fetched(environment)].find(isProgram);
}

function fetched(environment: NodeJS.ProcessEnv): readonly string[] {
  const cache = environment.SMI_MESH_CACHE || join(homedir(), '.cache', 'smi-mesh');
  const folder = join(cache, 'envoy');
  try {
    const versions = readdirSync(folder).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }));
    return versions.map((version) => join(folder, version, 'envoy'));
  } catch {
    return [];
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
