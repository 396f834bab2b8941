import { canonicalIp } from '../../lib/ip-address.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { Authenticators } from '../auth/authenticators.ts';
import type { PolicyMemory } from '../policy/memory.ts';
import { InboundTable, type PortGrant } from '../routing/inbound-table.ts';
import { validMatcher } from '../routing/match.ts';
import { authentication } from './authentication.ts';
import { rateLimits } from './rate-limits.ts';
import type { Messages, ResourceSet } from './resources.ts';

type Policy = Messages['InboundPolicy'];
type Listener = Messages['Workload']['inbound'][number];

interface InboundEnvironment {
  readonly registry: MetricsRegistry;
  readonly memory: PolicyMemory;
  readonly authenticators: Authenticators;
}

/** The table of one inbound listener. Without its policy nothing is let in. */
export function compileInbound(
  resources: ResourceSet,
  workload: Messages['Workload'],
  listener: Listener,
  { registry, memory, authenticators }: InboundEnvironment,
): InboundTable {
  const policy = resources.get('InboundPolicy', workload.inboundPolicy);
  if (policy === undefined) return new InboundTable(workload, { mode: 'DENY', grants: [], limits: [] }, registry);
  const grants = policy.grants.flatMap((grant) => portGrants(grant, listener.containerPort, listener.protocol));
  const limits = rateLimits(policy, listener.containerPort, memory);
  const owners = new Map(policy.owners.map(({ identity, owner }) => [identity, owner]));
  const asked = authentication(policy, listener.containerPort, authenticators);
  return new InboundTable(workload, { mode: policy.mode, grants, limits, authentication: asked, owners }, registry);
}

/** What a grant says about one port. A match is about HTTP: it grants nothing where bytes are not read. */
function portGrants(
  grant: Policy['grants'][number],
  port: number,
  protocol: Listener['protocol'],
): readonly PortGrant[] {
  const identities = new Set(grant.identities);
  const pods = podAddresses(grant);
  return grant.to
    .filter(({ transport }) => (transport === 'UDP') === (protocol === 'UDP'))
    .filter((target) => target.anyPort || target.ports.includes(port))
    .filter((target) => target.anyHttp || protocol === 'HTTP')
    .map((target) => {
      const matches = target.anyHttp ? undefined : validMatcher(target.http);
      return { rule: grant.rule, origin: grant.origins[0], identities, pods, matches };
    });
}

function podAddresses({ pods }: Policy['grants'][number]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { identity, addresses } of pods) {
    const known = found.get(identity) ?? new Set<string>();
    for (const address of addresses) known.add(canonicalIp(address) ?? address);
    found.set(identity, known);
  }
  return found;
}
