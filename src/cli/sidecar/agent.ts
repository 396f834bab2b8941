import { credentialFiles, podBootstrap, secretFiles } from '../../../adapters/envoy/index.ts';
import { drainEnvoy } from '../../control/local/envoy-drain.ts';
import { ask } from '../../control/local/metrics-scrape.ts';
import { envoyHopLimit, sidecarPaths, sidecarPorts } from '../../kubernetes/names.ts';
import { parseSpiffeId } from '../../lib/spiffe.ts';
import { identityOf, placeFile } from '../../sidecar/svid-files.ts';
import { envoyArrivals } from './arrivals.ts';
import { controlPlaneOf, inPod, type PodSidecar, serveHealth, svidKeeper } from './pod.ts';

const admin = '127.0.0.1';
const drainMillis = 4_000;

/** Keeps the files of a pod's Envoy until SIGTERM, or writes them once; the exit code. */
export function runAgent({ once }: { readonly once: boolean }): Promise<number> {
  return inPod('agent', async (pod) => {
    const keeper = svidKeeper(pod, credentialFiles);
    if (once) {
      const svid = await keeper.first();
      if (svid !== undefined) writeBootstrap(pod, svid.certificateChain);
      return;
    }
    let started = false;
    const ready = async () => started && !pod.signal.aborted && (await ask(admin, '/ready')) !== undefined;
    const health = await serveHealth(pod, { ready, started: () => started, arrivals: envoyArrivals });
    try {
      const svid = await keeper.first();
      if (svid === undefined) return;
      writeBootstrap(pod, svid.certificateChain);
      started = true;
      // Envoy notices by itself when the files change.
      await keeper.renew(svid, () => undefined);
      await drainEnvoy(admin, drainMillis);
    } finally {
      await health.close();
    }
  });
}

/** The bootstrap last: Envoy may be started as soon as it is there. */
function writeBootstrap({ node, environment }: PodSidecar, certificateChain: string): void {
  const directory = sidecarPaths.state;
  const account = parseSpiffeId(identityOf(certificateChain))?.account ?? '';
  const bootstrap = podBootstrap({
    id: node,
    cluster: `${environment.namespace}/${account}`,
    addresses: environment.addresses,
    adminPort: sidecarPorts.admin,
    metricsPort: sidecarPorts.metrics,
    hopLimit: envoyHopLimit,
    controlPlane: controlPlaneOf(environment),
    directory,
  });
  for (const [name, content] of Object.entries({ ...secretFiles(directory), 'bootstrap.json': bootstrap })) {
    placeFile(directory, name, JSON.stringify(content, null, 2));
  }
}
