import { envoyHopLimit, sidecarPorts, sidecarUser } from '../../../src/kubernetes/names.ts';
import { type Host, run } from './network.ts';

/** Redirects the TCP connections of a pod and those to it to its sidecar, in both stacks. */
export function redirect(pod: Host): void {
  const { inbound, outbound, metrics, health } = sidecarPorts;
  for (const [tool, loopback, hops] of [
    ['iptables', '127.0.0.0/8', 'ttl --ttl-eq'],
    ['ip6tables', '::1/128', 'hl --hl-eq'],
  ]) {
    const rules = [
      `PREROUTING -p tcp -m multiport --dports ${metrics},${health} -j RETURN`,
      `PREROUTING -p tcp -j REDIRECT --to-ports ${inbound}`,
      `OUTPUT -p tcp -o lo ! -d ${loopback} -m owner --uid-owner ${sidecarUser} -m ${hops} ${envoyHopLimit} -j REDIRECT --to-ports ${inbound}`,
      `OUTPUT -m owner --uid-owner ${sidecarUser} -j RETURN`,
      'OUTPUT -o lo -j RETURN',
      `OUTPUT -p tcp -j REDIRECT --to-ports ${outbound}`,
    ];
    for (const rule of rules) run(`ip netns exec ${pod.name} ${tool} -w -t nat -A ${rule}`);
  }
}
