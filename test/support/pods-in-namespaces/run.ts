/**
 * Run in namespaces of its own for network, mounts and processes: pods joined by veth, redirected by iptables, with the sidecars of
 * the data plane that the argument names. Prints as JSON what each check saw.
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { clusterDataPlanes } from '../../../src/cli/data-planes.ts';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import { startControlPlane } from '../../../src/control/control-plane.ts';
import { sidecarPorts } from '../../../src/kubernetes/names.ts';
import type { TelemetrySnapshot, TrafficSeries } from '../../../src/telemetry/snapshot.ts';
import { clusterIps, manifests, outside, outsidePorts, podPorts, pods } from './mesh.ts';
import { createNetwork, type Host, node, output, run, serveAddresses, sharedPath, start } from './network.ts';
import { redirect } from './rules.ts';
import { type Check, checks, closedChecks } from './scenario.ts';
import type { Sidecar, StartSidecar } from './sidecar.ts';
import { startEnvoy } from './sidecar-envoy.ts';
import { startProxy } from './sidecar-proxy.ts';

const programUser = 1_000;
const deadlineMillis = 90_000;
const checksAtOnce = 4;
/** At which the scenario calls a pod. */
const undeclaredPorts = [7777, sidecarPorts.inbound, sidecarPorts.outbound];
const starters: Readonly<Record<string, StartSidecar>> = { envoy: startEnvoy, proxy: startProxy };
const startSidecar = starters[process.argv[2] ?? ''];
if (startSidecar === undefined) throw new Error(`no data plane ${process.argv[2]}`);

createNetwork([...pods, outside]);
const [storeA, , plain] = [pods[2]!, pods[3]!, pods[4]!];
serveAddresses([
  { addresses: clusterIps.store, port: 80, to: storeA.addresses, toPort: 8080 },
  { addresses: clusterIps.store, port: 81, to: storeA.addresses, toPort: 8081 },
  { addresses: clusterIps.plain, port: 80, to: plain.addresses, toPort: 8080 },
  { addresses: clusterIps.apiserver, port: 443, to: outside.addresses, toPort: 443 },
]);
const folder = mkdtempSync('/run/smi-pods/mesh-');
run(`chmod 755 ${folder}
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=outside -days 2 -keyout ${folder}/key.pem -out ${folder}/tls.pem 2>/dev/null
  cat ${folder}/key.pem >> ${folder}/tls.pem
  chmod 644 ${folder}/tls.pem`);
const file = join(folder, 'mesh.yaml');
writeFileSync(file, manifests('passthrough'));
const told: string[] = [];
const controlPlane = await startControlPlane({
  paths: [file],
  adapters: clusterDataPlanes,
  compileOptions: defaultCompileOptions,
  ads: { address: '169.254.1.1', port: 15_010 },
  pollMillis: 100,
  onEvent: (event) => told.push(JSON.stringify(event)),
});
controlPlane.start();
await Promise.all([...pods.map((pod) => startProgram(pod, podPorts)), startProgram(outside, outsidePorts, 0)]);
const sidecars = new Map<string, Sidecar>();
for (const pod of pods.filter(({ sidecar }) => sidecar)) {
  redirect(pod);
  sidecars.set(pod.name, await startSidecar(pod, controlPlane, folder));
}
const results = await all(checks);
writeFileSync(file, manifests('registry-only'));
// One is closed by its listener, one by its routes, which come later.
const changed = closedChecks.slice(0, 2);
await until(async () => (await Promise.all(changed.map(seen))).every((other) => other === undefined));
const closed = await all(closedChecks);
const { log } = sidecars.get('store-a')!;
// Logs are written in blocks.
await until(async () => undeclaredPorts.every((port) => new RegExp(`\\bport"?[: ]${port}\\b`).test(log())));
const counted: TrafficSeries[] = [];
for (const pod of pods.filter(({ sidecar }) => sidecar)) {
  const { text } = await output(pod, programUser, ['curl', '-s', `http://${pod.addresses[0]}:15020/telemetry`]);
  counted.push(...(JSON.parse(text) as TelemetrySnapshot).traffic);
}
console.log(
  JSON.stringify({ results, closed, counted, log: log(), told: told.filter((line) => /nack|finding/.test(line)) }),
);
process.exit(0);

async function startProgram(host: Host, ports: readonly number[], user = programUser): Promise<void> {
  const program = sharedPath(new URL('programs/server.ts', import.meta.url).pathname);
  const child = start(host, user, [node, program, host.name, `${folder}/tls.pem`, ...ports.map(String)]);
  child.stderr?.pipe(process.stderr);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.once('data', () => resolve());
    child.once('exit', (status) => reject(new Error(`the program of ${host.name} has ended: ${status}`)));
  });
}

/** What was seen instead of what is expected. */
async function seen({ from, command, expected }: Check): Promise<string | undefined> {
  const { text } = await output({ name: from }, programUser, command);
  return expected.test(text) ? undefined : text;
}

/** By name: `ok`, or what was seen. */
async function all(list: readonly Check[]): Promise<Readonly<Record<string, string>>> {
  const waiting = [...list];
  const found = new Map<string, string>();
  const work = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      found.set(check.name, (await seen(check)) ?? 'ok');
    }
  };
  await Promise.all(Array.from({ length: checksAtOnce }, work));
  return Object.fromEntries(list.map(({ name }) => [name, found.get(name) ?? 'not asked']));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const limit = Date.now() + deadlineMillis;
  while (!(await condition())) {
    if (Date.now() > limit) throw new Error('the change did not arrive in time');
    await delay(100);
  }
}
