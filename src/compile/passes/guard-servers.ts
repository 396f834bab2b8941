import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { compareText, nonEmpty } from '../../lib/collections.ts';
import type { InboundPolicy, Workload, WorkloadId, WorkloadSetId } from '../../model/types.ts';
import { type ReachingServices, reachingServices } from '../policies/reach.ts';
import { actingAt, type ServerLayer, serverLayers } from '../policies/server-layers.ts';
import { type FoundPorts, withTlsModes } from '../policies/tls-modes.ts';
import type { PolicyIndex } from '../policies/types.ts';
import { partOf } from '../set-partition.ts';
import type { CompileState, Pass, PassContext } from '../state.ts';
import { at } from '../state.ts';

/**
 * What TrafficPolicies ask at the ports of servers. Workloads of one set for which they ask different things get sets of
 * their own, with the grants that they had.
 */
export const guardServers: Pass = {
  name: 'guard servers',
  run(state, context) {
    const { policies } = state;
    if (!guards(policies)) return {};
    const reaching = reachingServices(state.services);
    const found: FoundPorts = new Map();
    const workloads = [...state.workloads.values()].map((workload) =>
      withTlsModes(workload, reaching.get(workload.id) ?? new Map(), policies, found, context),
    );
    reportUnknownPorts(found, context);
    reportSeveral(workloads, reaching, policies, context);
    reportRefused(policies, context);
    const layers = new Map(
      workloads.map((workload) => [
        workload.id,
        serverLayers(workload, reaching.get(workload.id) ?? new Map(), policies),
      ]),
    );
    const members = partitioned(workloads, layers);
    return {
      workloads: new Map(members.map((workload) => [workload.id, workload])),
      accounts: Map.groupBy(members, ({ namespace, serviceAccount }) => `${namespace}/${serviceAccount}`),
      inbound: guarded(state.inbound, workloads, members, layers),
    };
  },
};

/** Most meshes have nothing to ask, and need not be looked through. */
function guards({ services, namespaces, mesh, refused }: PolicyIndex): boolean {
  const all = [...services.values(), ...namespaces.values(), mesh].flat();
  return (
    all.some(({ policy }) => policy.tls !== undefined || Object.keys(policy.server).length > 0) ||
    refused.services.size + refused.namespaces.size + refused.mesh.length > 0
  );
}

type Layers = ReadonlyMap<WorkloadId, readonly ServerLayer[]>;

/** What tells the layers of one workload from those of another. */
function signature(layers: readonly ServerLayer[]): string {
  return layers
    .map(({ policy, fields, ports }) => `${policy} ${Object.keys(fields).join(' ')} ${ports.join(' ')}`)
    .join('\n');
}

function partitioned(workloads: readonly Workload[], layers: Layers): readonly Workload[] {
  const signatures = new Map(workloads.map(({ id }) => [id, signature(layers.get(id) ?? [])]));
  const ofSet = new Map<WorkloadSetId, Set<string>>();
  for (const { id, set } of workloads) {
    ofSet.set(set, (ofSet.get(set) ?? new Set<string>()).add(signatures.get(id) ?? ''));
  }
  return workloads.map((workload) => {
    const text = signatures.get(workload.id) ?? '';
    const alike = ofSet.get(workload.set)?.size === 1;
    return alike || text === '' ? workload : { ...workload, set: partOf(workload.set, text) };
  });
}

/** The policy of every set that has a workload: the grants of the set that it was part of, and the layers. */
function guarded(
  inbound: CompileState['inbound'],
  before: readonly Workload[],
  after: readonly Workload[],
  layers: Layers,
): CompileState['inbound'] {
  const found = new Map<WorkloadSetId, InboundPolicy>();
  for (const [position, { id, set }] of after.entries()) {
    const origin = before[position]?.set ?? set;
    const policy = inbound.get(origin);
    if (policy === undefined || found.has(set)) continue;
    const policies = nonEmpty(layers.get(id) ?? []);
    found.set(set, { ...policy, set, ...(policies === undefined ? {} : { policies }) });
  }
  return new Map([...found].sort(([a], [b]) => compareText(a, b)));
}

/** Ports of rules about TLS that no workload has. */
function reportUnknownPorts(found: FoundPorts, context: PassContext): void {
  for (const policy of context.input.policies ?? []) {
    if (policy.matches !== undefined) continue;
    for (const [position, port] of (policy.tls?.ports ?? []).entries()) {
      if (found.get(policy)?.has(port) === true) continue;
      const message = `nothing that TrafficPolicy ${policy.meta.namespace}/${policy.meta.name} is for listens on port ${port}`;
      context.report(diagnostic('SMI3010', { message, origin: at(policy, `spec.tls.ports[${position}]`) }));
    }
  }
}

/** Several policies without matches that ask the same thing at one port: all of them count. */
function reportSeveral(
  workloads: readonly Workload[],
  reaching: ReadonlyMap<WorkloadId, ReadonlyMap<number, ReachingServices>>,
  index: PolicyIndex,
  { report }: PassContext,
): void {
  const told = new Set<string>();
  for (const { id, namespace, ports } of workloads) {
    for (const { port, protocol } of ports) {
      if (protocol !== 'http') continue;
      const acting = actingAt(reaching.get(id)?.get(port) ?? [], namespace, index).filter(
        ({ by }) => by.policy.matches === undefined,
      );
      for (const [field, several] of Map.groupBy(acting, (each) => each.field)) {
        const [first, ...others] = several;
        for (const { by } of others) {
          const key = `${field} ${first?.by.id} ${by.id}`;
          if (first === undefined || told.has(key)) continue;
          told.add(key);
          const message = `port ${port} of ${id} is also guarded by spec.${field} of TrafficPolicy ${first.by.id}: a request has to pass both`;
          const related = [at(first.by.policy, `spec.${field}`)];
          report(diagnostic('SMI4107', { message, origin: at(by.policy, `spec.${field}`), related }));
        }
      }
    }
  }
}

function reportRefused({ refused }: PolicyIndex, { report }: PassContext): void {
  const all = [...refused.services.values(), ...refused.namespaces.values(), refused.mesh].flat();
  for (const { id, origin } of all) {
    const message = `TrafficPolicy ${id} asks for authentication and is refused: what it is for answers every request with 401`;
    report(diagnostic('SMI4108', { message, origin }));
  }
}
