import { interceptEverything } from '../../../src/interception/interception.ts';
import { chains, type IpFamily, restoreText } from '../../../src/interception/rules.ts';
import { type Host, run } from './network.ts';

/** Redirects the TCP connections of a pod and those to it to its sidecar, in both stacks. */
export function redirect(pod: Host): void {
  for (const [family, tool] of [
    [4, 'iptables-restore'],
    [6, 'ip6tables-restore'],
  ] as const satisfies readonly (readonly [IpFamily, string])[]) {
    const text = restoreText(family, { interception: interceptEverything, hopLimit: true }, Object.values(chains));
    run(`ip netns exec ${pod.name} ${tool} --noflush <<'END'\n${text}END`);
  }
}
