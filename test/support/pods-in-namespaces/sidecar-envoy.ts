import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { credentialFiles, podBootstrap, secretFiles } from '../../../adapters/envoy/index.ts';
import { controlPlaneIdentity } from '../../../src/control/plane.ts';
import { envoyHopLimit, sidecarPorts, sidecarUser } from '../../../src/kubernetes/names.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { envoyBinary } from '../envoy.ts';
import { envoyOptions } from '../mesh/envoy-process.ts';
import { node, output, run, sharedPath, start } from './network.ts';
import type { StartSidecar } from './sidecar.ts';

const trustDomain = 'cluster.local';
const readyMillis = 60_000;

/** The real Envoy, with the bootstrap of a pod. */
export const startEnvoy: StartSidecar = async (pod, plane, folder) => {
  const directory = join(folder, pod.name);
  mkdirSync(directory);
  const binary = join(directory, 'envoy');
  run(`touch ${binary} && mount --bind ${envoyBinary().path} ${binary}`);
  const telemetrySocket = join(directory, 'telemetry.sock');
  const { address, port } = plane.ads;
  const bootstrap = podBootstrap({
    id: `default/${pod.name}`,
    cluster: `default/${pod.account}`,
    addresses: pod.addresses,
    adminPort: sidecarPorts.envoyAdmin,
    telemetrySocket,
    hopLimit: envoyHopLimit,
    controlPlane: { address, port, identity: controlPlaneIdentity(trustDomain) },
    directory,
  });
  const svid = await plane.issue(spiffeId(trustDomain, 'default', pod.account));
  const files = {
    ...Object.fromEntries(
      Object.entries({ ...secretFiles(directory), 'bootstrap.json': bootstrap }).map(([name, body]) => [
        name,
        JSON.stringify(body),
      ]),
    ),
    [credentialFiles.certificateChain]: svid.certificateChain,
    [credentialFiles.privateKey]: svid.privateKey,
    [credentialFiles.trustBundle]: svid.trustBundle,
  };
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(directory, `.${name}`), text);
    renameSync(join(directory, `.${name}`), join(directory, name));
  }
  run(`chown -R ${sidecarUser}:${sidecarUser} ${directory} 2>/dev/null || true`);
  const counter = sharedPath(new URL('programs/count.ts', import.meta.url).pathname);
  start(pod, sidecarUser, [node, counter, `default/${pod.name}`, telemetrySocket, ...pod.addresses]).stderr?.pipe(
    process.stderr,
  );
  const child = start(pod, sidecarUser, [binary, '-c', join(directory, 'bootstrap.json'), ...envoyOptions]);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  }
  const limit = Date.now() + readyMillis;
  const admin = `http://127.0.0.1:${sidecarPorts.admin}/ready`;
  while ((await output(pod, sidecarUser, ['curl', '-s', '--max-time', '5', admin])).text !== 'LIVE') {
    if (child.exitCode !== null || Date.now() > limit) throw new Error(`the Envoy of ${pod.name} is not ready: ${log}`);
    await delay(50);
  }
  return { log: () => log };
};
