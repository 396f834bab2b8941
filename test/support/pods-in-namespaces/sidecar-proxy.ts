import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { controlPlaneIdentity } from '../../../src/control/plane.ts';
import { sidecarPorts, sidecarUser } from '../../../src/kubernetes/names.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import type { ProxyBootstrap } from '../../../src/proxy/index.ts';
import { node, run, sharedPath, start } from './network.ts';
import type { StartSidecar } from './sidecar.ts';

const trustDomain = 'cluster.local';

/** Our own proxy, as a process that gets its configuration over ADS. */
export const startProxy: StartSidecar = async (pod, controlPlane, folder) => {
  const directory = join(folder, pod.name);
  mkdirSync(directory);
  const { address, port } = controlPlane.ads;
  const { certificateChain, privateKey, trustBundle } = await controlPlane.issue(
    spiffeId(trustDomain, 'default', pod.account),
  );
  const bootstrap: ProxyBootstrap = {
    node: `default/${pod.name}`,
    admin: { address: '127.0.0.1', port: sidecarPorts.admin },
    metrics: { address: '::', port: sidecarPorts.metrics },
    interception: { outboundPort: sidecarPorts.outbound, inboundPort: sidecarPorts.inbound },
    secret: { certificateChain, privateKey, trustBundle },
    ads: { address, port, serverIdentity: controlPlaneIdentity(trustDomain) },
  };
  const file = join(directory, 'bootstrap.json');
  writeFileSync(file, JSON.stringify(bootstrap));
  run(`chown -R ${sidecarUser}:${sidecarUser} ${directory}`);
  const program = sharedPath(new URL('../../../src/cli/main.ts', import.meta.url).pathname);
  const child = start(pod, sidecarUser, [node, program, 'proxy', '--bootstrap', file]);
  let log = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (/ ready with \d+ listeners/.test(log)) resolve();
    });
    child.once('exit', () => reject(new Error(`the proxy of ${pod.name} has ended: ${log}`)));
  });
  return { log: () => log };
};
