import { type Diagnostic, diagnostic } from '../../diagnostics/diagnostic.ts';
import { nonEmpty } from '../../lib/collections.ts';
import { Groups } from '../../lib/incremental/groups.ts';
import type { Lookup } from '../../lib/incremental/stage.ts';
import { Table } from '../../lib/incremental/table.ts';
import type { Grant, InboundPolicy, Workload, WorkloadId, WorkloadSetId } from '../../model/types.ts';
import { reachingServices } from '../policies/reach.ts';
import { type ServerLayer, serverLayers } from '../policies/server-layers.ts';
import { severalGuards } from '../policies/server-reports.ts';
import { type FoundPorts, withTlsModes } from '../policies/tls-modes.ts';
import type { PolicyIndex } from '../policies/types.ts';
import { partOf } from '../set-partition.ts';
import type { CompileState, PassContext, WorkloadFace } from '../state.ts';
import { at } from '../state.ts';

/** What TrafficPolicies ask at the ports of one workload. */
interface Guard {
  readonly ports: Workload['ports'];
  readonly layers: readonly ServerLayer[];
  readonly found: FoundPorts;
  /** Findings that concern more workloads than this one, by what they say. */
  readonly several: readonly (readonly [string, Diagnostic])[];
}

export interface Guarded {
  readonly workloads: Table<WorkloadId, Workload>;
  readonly inbound: Table<WorkloadSetId, InboundPolicy>;
}

/** What the targets decide: the set of each workload, and the grants of each set. */
export interface Access {
  readonly sets: Table<WorkloadId, WorkloadSetId>;
  readonly grants: Lookup<WorkloadSetId, readonly Grant[]>;
}

/**
 * What TrafficPolicies ask at the ports of servers. Workloads of one set for which they ask different things get sets of
 * their own, with the grants that they had.
 */
export function guardServers(
  linked: Table<WorkloadId, Workload>,
  faces: Table<WorkloadId, WorkloadFace>,
  { sets, grants }: Access,
  state: Pick<CompileState, 'policies' | 'reaching'>,
  context: PassContext,
): Guarded {
  const { graph } = context;
  const guards = guardsOf(faces, state, context);
  const parts = partsOf(sets, guards, context);
  const workloads = new Table<WorkloadId, Workload>(graph, [linked], (id) => {
    const workload = linked.get(id);
    const set = parts.get(id);
    return workload && set && { ...workload, set, ports: guards.get(id)?.ports ?? workload.ports };
  });
  const members = new Groups<WorkloadId, WorkloadSetId, WorkloadSetId, WorkloadId>(graph, parts, (set, id) => [
    [set, id],
  ]);
  const inbound = new Table<WorkloadSetId, InboundPolicy>(graph, [members], (set) => {
    const first = members.get(set)?.[0];
    const origin = first && sets.get(first);
    if (first === undefined || origin === undefined) return undefined;
    const policies = nonEmpty(guards.get(first)?.layers ?? []);
    return {
      set,
      mode: context.setting('accessMode'),
      grants: grants.get(origin) ?? [],
      ...(policies === undefined ? {} : { policies }),
    };
  });
  return { workloads, inbound };
}

/** What is asked at each workload; nothing at all where no policy asks anything. */
function guardsOf(
  faces: Table<WorkloadId, WorkloadFace>,
  { policies, reaching }: Pick<CompileState, 'policies' | 'reaching'>,
  context: PassContext,
): Table<WorkloadId, Guard> {
  const { graph } = context;
  const guards = new Table<WorkloadId, Guard>(graph, [faces], (id) => {
    const workload = policies.guards ? faces.get(id) : undefined;
    if (workload === undefined) return undefined;
    const services = reachingServices(reaching.get(id) ?? []);
    const found: FoundPorts = [];
    return {
      ports: withTlsModes(workload, services, policies, found, context),
      layers: serverLayers(workload, services, policies),
      found,
      several: severalGuards(workload, services, policies),
    };
  });
  reportUnknownPorts(guards, policies, context);
  const several = new Groups(graph, guards, (guard) => guard.several);
  new Table<string, never>(graph, [several], (text) => {
    const finding = several.get(text)?.[0];
    if (finding !== undefined) context.report(finding);
    return undefined;
  });
  return guards;
}

/** What tells the layers of one workload from those of another. */
function signature(layers: readonly ServerLayer[]): string {
  return layers
    .map(({ policy, fields, ports }) => `${policy} ${Object.keys(fields).join(' ')} ${ports.join(' ')}`)
    .join('\n');
}

/** The sets with those apart at which something else is asked than at others of their set. */
function partsOf(
  sets: Table<WorkloadId, WorkloadSetId>,
  guards: Table<WorkloadId, Guard>,
  { graph }: PassContext,
): Table<WorkloadId, WorkloadSetId> {
  const signed = new Table<WorkloadId, readonly [WorkloadSetId, string]>(graph, [guards], (id) => {
    const set = sets.get(id);
    return set && [set, signature(guards.get(id)?.layers ?? [])];
  });
  const signatures = new Groups(graph, signed, (each) => [each]);
  const alike = new Table<WorkloadSetId, boolean>(
    graph,
    [signatures],
    (set) => new Set(signatures.get(set) ?? []).size === 1,
  );
  return new Table<WorkloadId, WorkloadSetId>(graph, [sets], (id) => {
    const set = sets.get(id);
    const [, text] = signed.get(id) ?? [];
    return set === undefined || text === undefined || text === '' || alike.get(set) === true ? set : partOf(set, text);
  });
}

/** Ports of rules about TLS that no workload has. */
function reportUnknownPorts(guards: Table<WorkloadId, Guard>, index: PolicyIndex, context: PassContext): void {
  const { policies } = context.input;
  const found = new Groups(context.graph, guards, (guard) => guard.found);
  new Table<string, never>(context.graph, [policies], (id) => {
    const policy = policies.get(id);
    if (policy === undefined || policy.matches !== undefined || !index.guards) return undefined;
    for (const [position, port] of (policy.tls?.ports ?? []).entries()) {
      if (found.get(id)?.includes(port) === true) continue;
      const message = `nothing that TrafficPolicy ${id} is for listens on port ${port}`;
      context.report(diagnostic('SMI3010', { message, origin: at(policy, `spec.tls.ports[${position}]`) }));
    }
    return undefined;
  });
}
