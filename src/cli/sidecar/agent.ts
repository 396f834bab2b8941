import { join } from 'node:path';
import { credentialFiles, podBootstrap, secretFiles } from '../../../adapters/envoy/index.ts';
import { startEnvoyTelemetry } from '../../access-log/index.ts';
import { drainEnvoy } from '../../control/local/envoy-drain.ts';
import { ask } from '../../control/local/metrics-scrape.ts';
import { envoyHopLimit, sidecarPaths, sidecarPorts } from '../../kubernetes/names.ts';
import { parseSpiffeId } from '../../lib/spiffe.ts';
import { identityOf, placeFile } from '../../sidecar/svid-files.ts';
import { envoyArrivals } from './arrivals.ts';
import { controlPlaneOf, inPod, type PodSidecar, serveHealth, svidKeeper } from './pod.ts';

const admin = '127.0.0.1';
const drainMillis = 4_000;
const telemetrySocket = join(sidecarPaths.state, 'telemetry.sock');

/** Keeps the files of a pod's Envoy until SIGTERM, or writes them once; the exit code. */
export function runAgent({ once }: { readonly once: boolean }): Promise<number> {
  return inPod('agent', async (pod) => {
    const keeper = svidKeeper(pod, credentialFiles);
    if (once) {
      const svid = await keeper.first();
      const ports = { adminPort: sidecarPorts.admin, metricsPort: sidecarPorts.metrics };
      if (svid !== undefined) writeBootstrap(pod, svid.certificateChain, ports);
      return;
    }
    let started = false;
    const ready = async () => started && !pod.signal.aborted && (await ask(admin, '/ready')) !== undefined;
    const health = await serveHealth(pod, { ready, started: () => started, arrivals: envoyArrivals });
    let stopCounting: (() => void) | undefined;
    try {
      const svid = await keeper.first();
      if (svid === undefined) return;
      let { certificateChain } = svid;
      stopCounting = await count(pod, () => certificateChain);
      writeBootstrap(pod, svid.certificateChain, { adminPort: sidecarPorts.envoyAdmin, telemetrySocket });
      started = true;
      // Envoy notices by itself when the files change.
      await keeper.renew(svid, (renewed) => {
        certificateChain = renewed.certificateChain;
      });
      await drainEnvoy(admin, drainMillis);
    } finally {
      stopCounting?.();
      await health.close();
    }
  });
}

/** Counts what Envoy carries, and answers for it where our own proxy would. */
function count({ node, environment, log }: PodSidecar, certificate: () => string): Promise<() => void> {
  return startEnvoyTelemetry({
    workload: node,
    socket: telemetrySocket,
    admin: { address: admin, port: sidecarPorts.admin },
    envoy: { address: admin, port: sidecarPorts.envoyAdmin },
    metrics: environment.addresses.map((address) => ({ address, port: sidecarPorts.metrics })),
    certificate,
    log,
  });
}

/** The bootstrap last: Envoy may be started as soon as it is there. */
function writeBootstrap(
  { node, environment }: PodSidecar,
  certificateChain: string,
  ports: Pick<Parameters<typeof podBootstrap>[0], 'adminPort' | 'metricsPort' | 'telemetrySocket'>,
): void {
  const directory = sidecarPaths.state;
  const account = parseSpiffeId(identityOf(certificateChain))?.account ?? '';
  const bootstrap = podBootstrap({
    id: node,
    cluster: `${environment.namespace}/${account}`,
    addresses: environment.addresses,
    ...ports,
    hopLimit: envoyHopLimit,
    controlPlane: controlPlaneOf(environment),
    directory,
  });
  for (const [name, content] of Object.entries({ ...secretFiles(directory), 'bootstrap.json': bootstrap })) {
    placeFile(directory, name, JSON.stringify(content, null, 2));
  }
}
