/**
 * Run in a network of its own: a pod whose connections are redirected by `smi-cli intercept`, with unmodified clients on both sides.
 * Prints as JSON what each of them reached.
 */
import { addresses, createPodNetwork, smiCli, url } from './pod-network.ts';

const network = createPodNetwork();
const { inPod, inWorld, listen } = network;
const both = [4, 6] as const;
const { pod, world, far, service } = addresses;

const curl = (address: string, port: number) =>
  ['curl', '-sS', '--noproxy', '*', '-m', '30', url(address, port)] as const;
const node = (address: string, port: number) =>
  [
    process.execPath,
    '-e',
    `require('node:http').get(${JSON.stringify(url(address, port))}, (r) => r.pipe(process.stdout))`,
  ] as const;
const python = (address: string, port: number) =>
  [
    'python3',
    '-c',
    `import urllib.request as r; print(r.build_opener(r.ProxyHandler({})).open(${JSON.stringify(url(address, port))}, timeout=30).read().decode())`,
  ] as const;
const as = (uid: number, command: readonly string[]) =>
  ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups', ...command] as const;
/** A connection with the hop limit of an Envoy's. */
const hops = (address: string, port: number, limit: number) => {
  const [family, level, option] = address.includes(':') ? ['AF_INET6', 41, 16] : ['AF_INET', 0, 2];
  const program = [
    'import os, socket as s',
    'os.setgid(15000); os.setuid(15000)',
    `c = s.socket(s.${family}); c.setsockopt(${level}, ${option}, ${limit}); c.settimeout(30)`,
    `c.connect((${JSON.stringify(address)}, ${port})); c.sendall(b"GET / HTTP/1.1\\r\\n\\r\\n")`,
    'print(c.makefile().read().split()[-3:])',
  ];
  return ['python3', '-c', program.join('\n')] as const;
};

const datagram = (address: string, port: number) =>
  [
    'python3',
    '-c',
    `import socket as s; c = s.socket(s.${address.includes(':') ? 'AF_INET6' : 'AF_INET'}, s.SOCK_DGRAM); c.settimeout(30); c.sendto(b"?", (${JSON.stringify(address)}, ${port})); print(c.recv(99).decode())`,
  ] as const;

const results: Record<string, string> = {};
async function note(name: string, where: typeof inPod, command: readonly string[]): Promise<void> {
  const [file = '', ...args] = command;
  results[name] = (await where(file, ...args)).output;
}
async function rules(): Promise<readonly string[]> {
  const saved = await Promise.all(['iptables-nft-save', 'ip6tables-nft-save'].map((save) => inPod(save, '-t', 'nat')));
  return saved.flatMap(({ output }) => output.split('\n').filter((line) => line.startsWith('-A')));
}

const check = (uid: number) => inPod(...as(uid, [process.execPath, smiCli, 'intercept', '--check']));

const at = (...ports: readonly number[]) => ports.flatMap((port) => [`0.0.0.0,${port}`, `::,${port}`]);
await Promise.all([
  listen('pod', 'program', 1_000, ...at(8_080, 9_090)),
  listen('world', 'outside', 1_000, ...at(53, 8_080, 9_000)),
]);

const options = [
  ...['--data-plane', 'envoy', '--exclude-inbound-ports', '9090', '--exclude-outbound-ports', '9000'],
  ...['--exclude-outbound-ranges', `${far[4]}/32,${far[6]}`, '--exclude-uids', '1234'],
];
const first = await network.intercept(...options);
const set = await rules();
const second = await network.intercept(...options);
results.runs = [first, second].map(({ code }) => code).join();
results.again = JSON.stringify(await rules()) === JSON.stringify(set) ? 'the same' : 'other rules';
results.checked = String((await check(15_001)).code);
await listen('pod', 'sidecar', 15_000, ...at(15_001, 15_006, 15_020, 15_021));
results['checked when it is too late'] = String((await check(15_001)).code);
const established = await network.connect(service[4], 80);
await network.intercept(...options);
results['established before another run'] = await established();

await Promise.all(
  both.flatMap((ip) => [
    note(`a datagram out, ${ip}`, inPod, datagram(world[ip], 8_080)),
    note(`a datagram in, ${ip}`, inWorld, datagram(pod[ip], 8_080)),
    note(`curl to a Service, ${ip}`, inPod, curl(service[ip], 80)),
    note(`node to a Service, ${ip}`, inPod, node(service[ip], 80)),
    note(`python to a Service, ${ip}`, inPod, python(service[ip], 80)),
    note(`out, ${ip}`, inPod, curl(world[ip], 8_080)),
    note(`out to an excluded port, ${ip}`, inPod, curl(world[ip], 9_000)),
    note(`out to an excluded range, ${ip}`, inPod, curl(far[ip], 8_080)),
    note(`out as an excluded user, ${ip}`, inPod, as(1_234, curl(world[ip], 8_080))),
    note(`out as another user, ${ip}`, inPod, as(1_235, curl(world[ip], 8_080))),
    note(`out as the sidecar, ${ip}`, inPod, as(15_000, curl(world[ip], 8_080))),
    note(`DNS over TCP, ${ip}`, inPod, curl(world[ip], 53)),
    note(`to itself at loopback, ${ip}`, inPod, curl(ip === 4 ? '127.0.0.1' : '::1', 8_080)),
    note(`to itself at its address, ${ip}`, inPod, curl(pod[ip], 8_080)),
    note(`sidecar to its program, ${ip}`, inPod, as(15_000, curl(pod[ip], 8_080))),
    note(`Envoy to its own pod, ${ip}`, inPod, hops(pod[ip], 8_080, 66)),
    note(`curl in, ${ip}`, inWorld, curl(pod[ip], 8_080)),
    note(`node in, ${ip}`, inWorld, node(pod[ip], 8_080)),
    note(`python in, ${ip}`, inWorld, python(pod[ip], 8_080)),
    note(`in to a port that nobody has, ${ip}`, inWorld, curl(pod[ip], 7_777)),
    note(`in to an excluded port, ${ip}`, inWorld, curl(pod[ip], 9_090)),
    note(`in to health, ${ip}`, inWorld, curl(pod[ip], 15_021)),
    note(`in to metrics, ${ip}`, inWorld, curl(pod[ip], 15_020)),
  ]),
);

await network.intercept('--include-outbound-ranges', `${service[4]}/16,${service[6]}`);
await Promise.all(
  both.flatMap((ip) => [
    note(`included, ${ip}`, inPod, curl(service[ip], 80)),
    note(`not included, ${ip}`, inPod, curl(world[ip], 8_080)),
  ]),
);
results.removed = String((await network.intercept('--cleanup')).code);
results.left = String((await rules()).length);
await Promise.all(both.map((ip) => note(`afterwards, ${ip}`, inPod, curl(world[ip], 8_080))));
console.log(JSON.stringify(results));
network.stop();
process.exit();
