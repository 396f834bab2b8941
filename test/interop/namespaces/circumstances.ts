/** Run in a network of its own: `smi-cli intercept` where not all is as usual. Prints as JSON what came of it. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addresses, createPodNetwork, smiCli, url } from './pod-network.ts';

const network = createPodNetwork();
const { inPod, inWorld, intercept } = network;
const { pod, service } = addresses;
const results: Record<string, unknown> = {};

results.notRedirected = (await intercept('--check')).output;
const command = [process.execPath, smiCli, 'intercept'];
results.unprivileged = await inPod('setpriv', '--reuid', '1000', '--clear-groups', '--bounding-set=-all', ...command);
results.nothing = await inPod('env', 'PATH=/nonexistent', ...command);

// The older kind alone.
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-legacy-'));
for (const base of ['iptables', 'ip6tables']) {
  for (const suffix of ['', '-restore']) {
    symlinkSync('/usr/sbin/xtables-legacy-multi', join(folder, `${base}-legacy${suffix}`));
  }
}
const legacy = ['env', `PATH=${folder}`, ...command] as const;
await network.listen('pod', 'sidecar', 15_000, '0.0.0.0,15001', '0.0.0.0,15006', '::,15001', '::,15006');
results.legacy = await inPod(...legacy);
results.legacyAgain = (await inPod(...legacy)).code;
const get = (address: string, port: number) =>
  ['curl', '-sS', '--noproxy', '*', '-m', '30', url(address, port)] as const;
results.legacyTraffic = await Promise.all([
  ...([4, 6] as const).flatMap((ip) => [
    inPod(...get(service[ip], 80)).then(({ output }) => output),
    inWorld(...get(pod[ip], 8_080)).then(({ output }) => output),
  ]),
]);
const chains = async () => (await inPod('iptables-legacy-save', '-t', 'nat')).output.match(/^-A OUTPUT .*$/gm);
results.legacyRules = await chains();
await intercept('--cleanup');
results.legacyCleaned = await chains();
rmSync(folder, { recursive: true });

await inPod('sh', '-c', 'for f in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 > $f; done');
results.withoutIpv6 = await intercept();
results.withoutIpv6Redirected = (await inPod(...get(service[4], 80))).output;
console.log(JSON.stringify(results));
network.stop();
process.exit();
