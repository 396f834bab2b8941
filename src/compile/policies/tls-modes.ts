import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { findPort } from '../../model/ports.ts';
import type { WorkloadPort } from '../../model/types.ts';
import type { TlsRule } from '../../policy/types.ts';
import type { PassContext, WorkloadFace } from '../state.ts';
import { at } from '../state.ts';
import type { ReachingServices } from './reach.ts';
import type { PolicyIndex, TargetedPolicy } from './types.ts';

type Reaching = ReadonlyMap<number, ReachingServices>;

const strictness: Readonly<Record<TlsRule['mode'], number>> = { strict: 0, permissive: 1, off: 2 };

/** Ports that rules name and that were found at a workload, by `NAMESPACE/NAME` of the policy. */
export type FoundPorts = [policy: string, port: number][];

/**
 * The ports of a workload with the modes that they have: of the Services' own policies the strictest, without one that of the
 * namespace, then that of the mesh, and in the end `strict`.
 */
export function withTlsModes(
  workload: WorkloadFace,
  reaching: Reaching,
  index: PolicyIndex,
  found: FoundPorts,
  context: PassContext,
): WorkloadFace['ports'] {
  const ranks = (services: ReachingServices) => [
    services.flatMap(({ service }) => index.services.get(service) ?? []),
    index.namespaces.get(workload.namespace) ?? [],
    index.mesh,
  ];
  const ports = workload.ports.map((port): WorkloadPort => {
    if (port.protocol === 'udp') return port;
    for (const rank of ranks(reaching.get(port.port) ?? [])) {
      const rules = rank.filter((each) => concerns(each, port.port, workload, reaching, index, found));
      const [first, ...others] = rules.sort((a, b) => order(a) - order(b));
      if (first === undefined) continue;
      for (const other of others) reportWeaker(first, other, port.port, workload, context);
      const mode = first.policy.tls?.mode;
      if (mode === undefined || mode === 'strict') return port;
      return { ...port, tls: mode, origins: [at(first.policy, 'spec.tls')] };
    }
    return port;
  });
  return ports.every((port, position) => port === workload.ports[position]) ? workload.ports : ports;
}

function order({ policy }: TargetedPolicy): number {
  return policy.tls === undefined ? 0 : strictness[policy.tls.mode];
}

/** Whether a policy sets the mode of a container port of a workload. */
function concerns(
  { id, policy }: TargetedPolicy,
  port: number,
  workload: WorkloadFace,
  reaching: Reaching,
  index: PolicyIndex,
  found: FoundPorts,
): boolean {
  if (policy.tls === undefined || policy.matches !== undefined) return false;
  const { ports } = policy.tls;
  if (ports === undefined) return true;
  return ports.some((number) => {
    const meant = containerPortOf(number, policy, workload, reaching, index) === port;
    if (meant) found.push([id, number]);
    return meant;
  });
}

/** A number is a container port; where the workload has none of it, a Service port that leads to exactly one. */
function containerPortOf(
  number: number,
  policy: TargetedPolicy['policy'],
  workload: WorkloadFace,
  reaching: Reaching,
  index: PolicyIndex,
): number | undefined {
  if (findPort(workload.ports, number) !== undefined) return number;
  const namesServices = policy.targetRefs.every(({ kind }) => kind === 'Service');
  const behind = [...reaching].flatMap(([port, services]) =>
    services.some(({ service, port: own }) => {
      const targeted = index.services.get(service)?.some((each) => each.policy === policy) === true;
      return own === number && (targeted || !namesServices);
    })
      ? [port]
      : [],
  );
  return behind.length === 1 ? behind[0] : undefined;
}

function reportWeaker(
  first: TargetedPolicy,
  other: TargetedPolicy,
  port: number,
  workload: WorkloadFace,
  { report }: PassContext,
): void {
  const [mode, weaker] = [first.policy.tls?.mode, other.policy.tls?.mode];
  if (mode === weaker) return;
  const message = `port ${port} of ${workload.namespace}/${workload.serviceAccount} stays ${mode} as TrafficPolicy ${first.id} says, not ${weaker}`;
  const related = [at(first.policy, 'spec.tls.mode')];
  report(diagnostic('SMI4106', { message, origin: at(other.policy, 'spec.tls.mode'), related }));
}
