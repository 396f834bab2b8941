import { controlPlaneAddress, nodeAddress, nodePodRange, outsideAddress, podRange, prefixLength } from './addresses.ts';
import { inNetworkOf, shell } from './shell.ts';

/** A bridge without an address of its own takes that of a port, and another when the port is gone: its neighbours then lose it. */
const bridgeAddress = '06:00:00:00:00:01';

/**
 * Makes the network of a lab in the namespace of `holder`: a bridge that the control plane has an address of, joined with this
 * machine by `link`.
 */
export async function createNetwork(holder: number, link: string): Promise<void> {
  await inNetworkOf(holder, [
    'ip link set lo up',
    `ip link add lan address ${bridgeAddress} type bridge`,
    `ip address add ${controlPlaneAddress}/${prefixLength} dev lan`,
    'ip link set lan up',
    'sysctl -qw net.ipv4.ip_forward=1',
  ]);
  await shell('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'machine', 'netns', String(holder));
  await inNetworkOf(holder, ['ip link set machine master lan up']);
  await shell('ip', 'address', 'add', `${outsideAddress}/${prefixLength}`, 'dev', link);
  await shell('ip', 'link', 'set', link, 'up');
  await shell('ip', 'route', 'replace', podRange, 'via', controlPlaneAddress, 'dev', link);
}

/** Joins the namespace of a node's process to the network; `others` are the numbers of the nodes that it may know. */
export async function joinNetwork(
  holder: number,
  pid: number,
  number: number,
  others: readonly number[],
): Promise<void> {
  const end = endOf(number);
  await inNetworkOf(holder, [
    `ip link delete ${end} 2>/dev/null || true`,
    `ip link add ${end} type veth peer name eth0 netns ${pid}`,
    `ip link set ${end} master lan up`,
    `ip route replace ${nodePodRange(number)} via ${nodeAddress(number)}`,
  ]);
  await inNetworkOf(pid, [
    'ip link set lo up',
    `ip address add ${nodeAddress(number)}/${prefixLength} dev eth0`,
    'ip link set eth0 up',
    `ip route add default via ${controlPlaneAddress}`,
    ...others.map((other) => `ip route add ${nodePodRange(other)} via ${nodeAddress(other)}`),
    'sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1',
  ]);
}

const endOf = (number: number): string => `node${number}`;

/** Cuts a node off: nothing that it says any more arrives. */
export async function leaveNetwork(holder: number, number: number): Promise<void> {
  await inNetworkOf(holder, [`ip link delete ${endOf(number)} 2>/dev/null || true`]);
}
