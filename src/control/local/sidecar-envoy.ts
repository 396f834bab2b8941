import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Svid } from '../../identity/authority.ts';
import { sidecarPorts } from '../../kubernetes/names.ts';
import type { PodObject } from '../../kubernetes/types.ts';
import type { EnvoyRuntime } from './data-plane.ts';
import { drainEnvoy } from './envoy-drain.ts';
import { ask } from './metrics-scrape.ts';
import type { SidecarKind } from './sidecar.ts';
import { sidecarEnvironment } from './sidecar-environment.ts';
import { SidecarTelemetry } from './sidecar-telemetry.ts';

const graceMillis = 4_000;
const drainMillis = 4_000;
const folderName = 'envoy';
/** Its arguments: as many workers as a sidecar of ours has, warnings alone, and the last answer of an old listener ends its connection. */
const args = [
  ...['--disable-hot-restart', '--concurrency', '1', '--drain-strategy', 'immediate'],
  ...['--log-level', 'warning', '--log-format', '[%l] %v'],
];

/** The name of a service port's cluster. */
const servicePort = /^[^/:]+\/[^/:]+:\d+$/;

/** What is read here of Envoy's `/clusters?format=json`. */
interface Clusters {
  readonly cluster_statuses?: readonly {
    readonly name: string;
    readonly host_statuses?: readonly unknown[];
  }[];
}

/** An Envoy, with its files in a folder of its own below `directory`, which nobody else may read. */
export function envoySidecar(
  pod: PodObject,
  runtime: EnvoyRuntime,
  directory: string,
  log: (line: string) => void,
): SidecarKind {
  const { namespace, name } = pod.meta;
  const address = pod.ips[0] ?? '';
  const folder = join(directory, folderName, `${namespace}.${name}`);
  const telemetry = new SidecarTelemetry(`${namespace}/${name}`, address, folder, log);
  return {
    graceMillis,
    async launch({ ads, svid }) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      await telemetry.start();
      const node = {
        id: `${namespace}/${name}`,
        cluster: `${namespace}/${pod.spec.serviceAccountName}`,
        address,
        adminPort: sidecarPorts.envoyAdmin,
        telemetrySocket: telemetry.socket,
      };
      for (const [file, text] of Object.entries(runtime.files(node, ads, folder))) place(folder, file, text);
      placeCredential(folder, runtime, svid);
      const command = [runtime.binary, '--config-path', join(folder, 'bootstrap.json'), ...args] as const;
      return { command, cwd: folder, env: sidecarEnvironment(pod) };
    },
    /** Endpoints that are not ready it does not have: then a service port has none. */
    async knowsReady() {
      const text = await ask(address, '/clusters?format=json');
      if (text === undefined) return false;
      const { cluster_statuses: clusters = [] } = JSON.parse(text) as Clusters;
      return clusters.every(({ name, host_statuses: hosts = [] }) => !servicePort.test(name) || hosts.length > 0);
    },
    renew: (svid) => placeCredential(folder, runtime, svid),
    drain: () => drainEnvoy(address, drainMillis),
    close: () => telemetry.stop(),
  };
}

/** The key first: Envoy looks when the chain arrives, and takes the two only when they belong together. */
function placeCredential(folder: string, { credentialFiles }: EnvoyRuntime, svid: Svid): void {
  place(folder, credentialFiles.privateKey, svid.privateKey);
  place(folder, credentialFiles.trustBundle, svid.trustBundle);
  place(folder, credentialFiles.certificateChain, svid.certificateChain);
}

/** Moved into place whole: that is what Envoy watches for. */
function place(folder: string, file: string, text: string): void {
  const path = join(folder, file);
  writeFileSync(`${path}.draft`, text, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}

/** Removes what Envoys of an earlier run left. */
export function forgetEnvoys(directory: string): void {
  rmSync(join(directory, folderName), { recursive: true, force: true });
}
