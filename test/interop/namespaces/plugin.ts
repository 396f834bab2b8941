/**
 * Run in a network of its own: `smi-cli cni`, or the program that the argument names, as a container runtime calls it, with an apiserver that knows one injected pod. Prints as
 * JSON what it answered, and where the pod's connections arrive.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addresses, createPodNetwork, smiCli, url } from './pod-network.ts';

const network = createPodNetwork();
const apiserver = createServer((request, response) => {
  const known = request.url === '/api/v1/namespaces/shop/pods/web';
  const annotations = { 'smi-mesh.io/interception': '--data-plane proxy --exclude-outbound-ports 9000' };
  response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(known ? { kind: 'Pod', metadata: { annotations } } : { kind: 'Status', code: 404 }));
});
await new Promise<void>((resolve) => apiserver.listen(0, '127.0.0.1', resolve));
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-cni-'));
const kubeconfig = join(folder, 'kubeconfig');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    clusters: [
      {
        name: 'c',
        cluster: {
          server: `http://127.0.0.1:${(apiserver.address() as AddressInfo).port}`,
          'insecure-skip-tls-verify': true,
        },
      },
    ],
    users: [{ name: 'u', user: {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  }),
);

function call(command: string, pod = 'web'): Promise<{ readonly code: number | null; readonly output: string }> {
  const env = {
    PATH: process.env.PATH,
    CNI_COMMAND: command,
    CNI_NETNS: network.file,
    CNI_ARGS: `K8S_POD_NAMESPACE=shop;K8S_POD_NAME=${pod}`,
  };
  const [file, ...args] = process.argv[2] === undefined ? [process.execPath, smiCli, 'cni'] : [process.argv[2]];
  const child = spawn(file, args, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify({ cniVersion: '1.0.0', type: 'smi-mesh-cni', kubeconfig, prevResult: { ips: [] } }));
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, output: output.trim() })));
}

const results: Record<string, unknown> = {};
results.before = (await call('CHECK')).code;
results.add = await call('ADD');
results.after = (await call('CHECK')).code;
results.unknown = (await call('ADD', 'other')).code;
results.end = await call('DEL');
await Promise.all([
  network.listen('pod', 'sidecar', 15_000, '0.0.0.0,15001', '0.0.0.0,15006'),
  network.listen('world', 'outside', 1_000, '0.0.0.0,9000'),
]);
const get = (address: string, port: number) =>
  ['curl', '-sS', '--noproxy', '*', '-m', '30', url(address, port)] as const;
results.traffic = await Promise.all([
  network.inPod(...get(addresses.service[4], 80)).then(({ output }) => output),
  network.inPod(...get(addresses.world[4], 9_000)).then(({ output }) => output),
  network.inWorld(...get(addresses.pod[4], 8_080)).then(({ output }) => output),
  // The network of the machine stays as it was.
  network.inWorld('iptables-nft', '-t', 'nat', '-S').then(({ output }) => output.includes('SMI_MESH')),
]);
rmSync(folder, { recursive: true });
console.log(JSON.stringify(results));
network.stop();
process.exit();
