import { join } from 'node:path';
import { sidecarPaths, sidecarPorts } from '../../kubernetes/names.ts';
import { type RunningProxy, startProxy } from '../../proxy/index.ts';
import { proxyArrivals } from './arrivals.ts';
import { controlPlaneOf, inPod, type PodSidecar, serveHealth, svidKeeper } from './pod.ts';

const svidFiles = {
  certificateChain: 'certificate-chain.pem',
  privateKey: 'private-key.pem',
  trustBundle: 'trust-bundle.pem',
} as const;
/** Within what the pod has left when its programs have ended. */
const drainMillis = 4_000;

/** Runs a pod's proxy until SIGTERM; the exit code. */
export function runSidecar(): Promise<number> {
  return inPod('sidecar', async (pod) => {
    let carries = false;
    const health = await serveHealth(pod, { ready: () => carries, started: () => carries, arrivals: proxyArrivals });
    try {
      const keeper = svidKeeper(pod, svidFiles);
      const svid = await keeper.first();
      if (svid === undefined) return;
      const proxy = await start(pod, svid);
      void proxy.ready.then(() => {
        carries = !pod.signal.aborted;
      });
      await keeper.renew(svid, (renewed) => {
        const fault = proxy.offerSecret(renewed);
        if (fault !== undefined) pod.log(`the new certificate cannot be used: ${fault}`);
      });
      carries = false;
      await proxy.drain();
    } finally {
      await health.close();
    }
  });
}

function start(
  { node, environment, log }: PodSidecar,
  secret: Parameters<RunningProxy['offerSecret']>[0],
): Promise<RunningProxy> {
  const { address, port, identity } = controlPlaneOf(environment);
  const { addresses } = environment;
  const [own = '127.0.0.1'] = addresses;
  return startProxy(
    {
      node,
      admin: { address: '127.0.0.1', port: sidecarPorts.admin },
      metrics: { address: own, port: sidecarPorts.metrics },
      interception: { outboundPort: sidecarPorts.outbound, inboundPort: sidecarPorts.inbound, addresses },
      secret,
      ads: { address, port, serverIdentity: identity },
      stateFile: join(sidecarPaths.state, 'configuration.json'),
      drainMillis,
    },
    { log },
  );
}
