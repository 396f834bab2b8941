import { parseSpiffeId, type SpiffeId } from '../lib/spiffe.ts';
import { spiffeId } from '../model/ids.ts';
import { standInWorkload } from '../model/stand-in.ts';
import type { MeshModel, Workload, WorkloadId } from '../model/types.ts';
import { accountOf, ownerOf } from './reach.ts';

/** Someone who makes requests, as each of two models has him. */
export interface ClientPair {
  /**
   * `NAMESPACE/SERVICEACCOUNT`, or a foreign SPIFFE id; `OWNER (ACCOUNT, now ACCOUNT)` for pods that changed their account.
   */
  readonly account: string;
  readonly before: Client;
  readonly after: Client;
}

export interface Client {
  readonly workload: Workload;
  /** False for one that stands in: the model has no such pod, and only asks what it would be allowed. */
  readonly exists: boolean;
}

export interface Paired {
  /** The models, with the workloads that stand in; these serve nothing. */
  readonly before: MeshModel;
  readonly after: MeshModel;
  /** By account, one for all workloads that neither model's rules tell apart. */
  readonly clients: readonly ClientPair[];
}

/** Everyone whom policy can mean: the pods of both models, and accounts that a grant names although no pod has them. */
export function pairClients(before: MeshModel, after: MeshModel): Paired {
  const sides = { before: sideOf(before), after: sideOf(after) };
  const clients = new Map<string, ClientPair>();
  const add = (old: Client, now: Client) => {
    const natures = `${sides.before.natureOf(old.workload)}\n${sides.after.natureOf(now.workload)}`;
    const [was, is] = [nameOf(old.workload), nameOf(now.workload)];
    const account = was === is ? is : `${ownerOf(now.workload)} (${was}, now ${is})`;
    const key = was === is ? natures : `${natures}\n${ownerOf(now.workload)}`;
    if (!clients.has(key)) clients.set(key, { account, before: old, after: now });
  };
  for (const [id, old] of Object.entries(before.workloads)) {
    const now = after.workloads[id as WorkloadId];
    if (now !== undefined && now.identity === old.identity) add(real(old), real(now));
  }
  addOneSided(sides, [...clients.values()], add);
  for (const [old, now] of renamed(before, after)) add(real(old), real(now));
  const named = new Set([...sides.before.sources, ...sides.after.sources]);
  const present = new Set([...clients.values()].map((pair) => pair.after.workload.identity));
  for (const identity of [...named].filter((one) => !present.has(one))) {
    const absent = { workload: absentWorkload(identity), exists: false };
    add(absent, absent);
  }
  const pairs = [...clients.values()].sort((a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : 0));
  return {
    before: withStandIns(
      before,
      pairs.map((pair) => pair.before),
    ),
    after: withStandIns(
      after,
      pairs.map((pair) => pair.after),
    ),
    clients: pairs,
  };
}

interface SideView {
  readonly model: MeshModel;
  /** Equal for workloads that no rule of the model tells apart as clients. */
  readonly natureOf: (workload: Workload) => string;
  readonly sources: ReadonlySet<SpiffeId>;
}

function sideOf(model: MeshModel): SideView {
  const sources = new Set<SpiffeId>();
  const selected = new Map<WorkloadId, string[]>();
  for (const { grants } of Object.values(model.inbound)) {
    for (const { rule, from } of grants) {
      for (const principal of from) {
        sources.add(principal.spiffe);
        if (principal.kind !== 'pods') continue;
        for (const id of principal.workloads) selected.set(id, [...(selected.get(id) ?? []), rule]);
      }
    }
  }
  const natureOf = ({ id, identity, transport, outbound }: Workload): string => {
    const bindings =
      outbound === 'intercepted'
        ? outbound
        : outbound.map(({ service, port, udp }) => `${service}:${port}${udp ? '/udp' : ''}`);
    return JSON.stringify([identity, transport, bindings, selected.get(id) ?? []]);
  };
  return { model, natureOf, sources };
}

interface Sides {
  readonly before: SideView;
  readonly after: SideView;
}

/** Pods that only one model has: paired with a pod of the same account that only the other has, or with a stand-in. */
function addOneSided(sides: Sides, paired: readonly ClientPair[], add: (old: Client, now: Client) => void): void {
  const known = {
    before: new Set(paired.map(({ before }) => sides.before.natureOf(before.workload))),
    after: new Set(paired.map(({ after }) => sides.after.natureOf(after.workload))),
  };
  const left = { before: leftOver(sides.before, known.before), after: leftOver(sides.after, known.after) };
  for (const old of left.before) {
    const at = left.after.findIndex(({ identity }) => identity === old.identity);
    const [now] = at < 0 ? [] : left.after.splice(at, 1);
    add(real(old), now === undefined ? standIn(old) : real(now));
  }
  for (const now of left.after) add(standIn(now), real(now));
}

/** Pods of one owner whose account is another now: what they may do changes although no rule does. */
function renamed(before: MeshModel, after: MeshModel): readonly (readonly [Workload, Workload])[] {
  const byOwner = ({ workloads }: MeshModel) => Map.groupBy(Object.values(workloads), ownerOf);
  const now = byOwner(after);
  return [...byOwner(before)].flatMap(([owner, members]) => {
    const successors = now.get(owner) ?? [];
    const lost = distinct(members).filter((one) => !successors.some(({ identity }) => identity === one.identity));
    const gained = distinct(successors).filter((one) => !members.some(({ identity }) => identity === one.identity));
    return lost.flatMap((old) => gained.map((one) => [old, one] as const));
  });
}

/** One of each identity. */
function distinct(workloads: readonly Workload[]): readonly Workload[] {
  return [...new Map(workloads.map((workload) => [workload.identity, workload])).values()];
}

function leftOver({ model, natureOf }: SideView, known: ReadonlySet<string>): Workload[] {
  const found = new Map<string, Workload>();
  for (const workload of Object.values(model.workloads)) {
    const nature = natureOf(workload);
    if (!known.has(nature) && !found.has(nature)) found.set(nature, workload);
  }
  return [...found.values()];
}

function real(workload: Workload): Client {
  return { workload, exists: true };
}

/** Names of pods have no spaces, so that a stand-in is never mistaken for one. */
function standIn(workload: Workload): Client {
  return { workload: { ...workload, id: `${workload.id} (absent)` as WorkloadId }, exists: false };
}

function absentWorkload(identity: SpiffeId): Workload {
  const { namespace = '', account = '' } = parseSpiffeId(identity) ?? {};
  const workload = standInWorkload(identity, namespace, account, `${account} (no pod)`);
  return namespace === '' ? { ...workload, id: `${identity} (no pod)` as WorkloadId } : workload;
}

function nameOf({ set, identity, namespace, serviceAccount }: Workload): string {
  const { trustDomain = '' } = parseSpiffeId(identity) ?? {};
  const own = trustDomain !== '' && identity === spiffeId(trustDomain, namespace, serviceAccount);
  return own ? accountOf(set) : identity;
}

function withStandIns(model: MeshModel, clients: readonly Client[]): MeshModel {
  const added = clients.flatMap(({ workload, exists }) => (exists ? [] : [[workload.id, workload] as const]));
  return added.length === 0 ? model : { ...model, workloads: { ...model.workloads, ...Object.fromEntries(added) } };
}
