import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A network namespace of its own, joined to the others by a bridge. */
export interface Host {
  readonly name: string;
  /** IPv4, then IPv6. */
  readonly addresses: readonly [string, string];
}

/** Where the repository and programs are that users without rights can start. */
const shared = '/run/smi-pods';
const repository = fileURLToPath(new URL('../../..', import.meta.url));
export const node = `${shared}/repository/node_modules/node/bin/node`;

export function run(command: string): string {
  return execFileSync('/bin/sh', ['-ec', command], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A path of the repository as programs of any user reach it. */
export function sharedPath(path: string): string {
  return `${shared}/repository/${path.slice(repository.length)}`;
}

/**
 * Makes the namespaces, in the network and mount namespace that this process has for itself. The bridge is their router; it is
 * also the cluster's: `serviceAddresses` lead to the port of a host, as kube-proxy would do it.
 */
export function createNetwork(hosts: readonly Host[]): void {
  run('mkdir -p /run/netns && mount -t tmpfs tmpfs /run/netns');
  run(`mkdir -p ${shared} && mount -t tmpfs -o mode=755 tmpfs ${shared}`);
  mkdirSync(`${shared}/repository`);
  run(`mount --bind ${repository} ${shared}/repository`);
  run(`ip link set lo up
    sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ip link add pods type bridge
    ip link set pods up
    ${routers.map((address) => `ip address add ${address} dev pods`).join('\n')}`);
  for (const { name, addresses } of hosts) {
    const [v4, v6] = addresses;
    run(`ip netns add ${name}
      ip link add name ${name} type veth peer name eth0 netns ${name}
      ip link set dev ${name} master pods up
      ip netns exec ${name} sh -ec '
        sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0
        ip link set lo up
        ip link set eth0 up
        ip address add ${v4}/32 dev eth0
        ip address add ${v6}/128 dev eth0 nodad
        ip route add 169.254.1.1 dev eth0
        ip route add default via 169.254.1.1
        ip -6 route add default via fe80::1 dev eth0'
      ip route add ${v4}/32 dev pods
      ip -6 route add ${v6}/128 dev pods`);
  }
}

const routers = ['169.254.1.1/32', 'fe80::1/64 nodad'];

export interface ServiceAddress {
  readonly addresses: readonly string[];
  readonly port: number;
  /** By family, as the addresses. */
  readonly to: readonly string[];
  readonly toPort: number;
}

/** What kube-proxy does on a node. */
export function serveAddresses(services: readonly ServiceAddress[]): void {
  for (const { addresses, port, to, toPort } of services) {
    for (const [index, address] of addresses.entries()) {
      const v6 = address.includes(':');
      const target = v6 ? `[${to[index]}]:${toPort}` : `${to[index]}:${toPort}`;
      run(
        `${v6 ? 'ip6tables' : 'iptables'} -w -t nat -A PREROUTING -p tcp -d ${address} --dport ${port} -j DNAT --to-destination ${target}`,
      );
    }
  }
}

/** Runs a command as a user within a host. It ends when this process does. */
export function start(host: Pick<Host, 'name'>, user: number, command: readonly string[]): ChildProcess {
  const wrapped = ['netns', 'exec', host.name, 'setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
  return spawn('ip', [...wrapped, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** What a command printed, with its exit status. */
export async function output(
  host: Pick<Host, 'name'>,
  user: number,
  command: readonly string[],
): Promise<{ readonly status: number | null; readonly text: string }> {
  const child = start(host, user, command);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, text: text.trim() };
}
