import { compareText, type NonEmpty, nonEmpty } from '../lib/collections.ts';
import { closest } from '../lib/suggest.ts';
import type { MeshModel, Workload } from '../model/types.ts';

/** Something that a person can mean by a name: an object with pods. */
export interface Party {
  /** As Kubernetes spells it: `Pod`, `Deployment`, `ServiceAccount`, `Service` ... */
  readonly kind: string;
  /** `NAMESPACE/NAME`. */
  readonly id: string;
  /** Its pods in the model's order, those that are ready first. */
  readonly workloads: NonEmpty<Workload>;
}

export interface PartyName {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name: string;
}

/** How kinds may be written in front of a name, as `kubectl` takes them. */
const kindWords: Readonly<Record<string, string>> = {
  pod: 'Pod',
  po: 'Pod',
  deployment: 'Deployment',
  deploy: 'Deployment',
  replicaset: 'ReplicaSet',
  rs: 'ReplicaSet',
  statefulset: 'StatefulSet',
  sts: 'StatefulSet',
  daemonset: 'DaemonSet',
  ds: 'DaemonSet',
  job: 'Job',
  sa: 'ServiceAccount',
  serviceaccount: 'ServiceAccount',
  service: 'Service',
  svc: 'Service',
};

/** `NAME`, `NAMESPACE/NAME`, `KIND/NAME` or `KIND/NAMESPACE/NAME`; `undefined` for anything else. */
export function parsePartyName(text: string): PartyName | undefined {
  const [first = '', second, third, ...more] = text.split('/');
  if (more.length > 0) return undefined;
  if (second === undefined) return { name: first };
  const kind = Object.hasOwn(kindWords, first.toLowerCase()) ? kindWords[first.toLowerCase()] : undefined;
  if (third !== undefined) return kind === undefined ? undefined : { kind, namespace: second, name: third };
  return kind === undefined ? { namespace: first, name: second } : { kind, name: second };
}

/** How to write a party so that nothing else can be meant. */
export function partyText({ kind, id }: Pick<Party, 'kind' | 'id'>): string {
  const word = Object.entries(kindWords).find(([, value]) => value === kind)?.[0] ?? kind.toLowerCase();
  return `${word}/${id}`;
}

/** Pods come first, then what owns pods, then accounts, then Services. */
function rank(kind: string): number {
  const position = ['Pod', '', 'ServiceAccount', 'Service'].indexOf(kind);
  return position < 0 ? 1 : position;
}

/** Everything of that name that has pods: of `home` first, then of `default`, then by namespace; within one by kind. */
export function partiesNamed(model: MeshModel, wanted: PartyName, home = 'default'): readonly Party[] {
  const found = new Map<string, { kind: string; namespace: string; workloads: Set<Workload> }>();
  const add = (kind: string, namespace: string, name: string, workload: Workload) => {
    if (name !== wanted.name || (wanted.namespace ?? namespace) !== namespace || (wanted.kind ?? kind) !== kind) return;
    const key = `${kind} ${namespace}`;
    const party = found.get(key) ?? { kind, namespace, workloads: new Set() };
    party.workloads.add(workload);
    found.set(key, party);
  };
  for (const workload of Object.values(model.workloads)) {
    add('Pod', workload.namespace, workload.name, workload);
    for (const owner of workload.owners) add(owner.kind, workload.namespace, owner.name, workload);
    add('ServiceAccount', workload.namespace, workload.serviceAccount, workload);
  }
  for (const { namespace, name, ports } of Object.values(model.services)) {
    if (name !== wanted.name) continue;
    for (const { workload } of ports.flatMap(({ targets }) => targets)) {
      const target = model.workloads[workload];
      if (target !== undefined) add('Service', namespace, name, target);
    }
  }
  const distance = (namespace: string) => (namespace === home ? 0 : namespace === 'default' ? 1 : 2);
  return [...found.values()]
    .sort(
      (a, b) =>
        distance(a.namespace) - distance(b.namespace) ||
        compareText(a.namespace, b.namespace) ||
        rank(a.kind) - rank(b.kind) ||
        compareText(a.kind, b.kind),
    )
    .flatMap(({ kind, namespace, workloads }) => party(kind, `${namespace}/${wanted.name}`, [...workloads]));
}

/** A list of one party, or of none when there is no pod. */
export function party(kind: string, id: string, workloads: readonly Workload[]): readonly Party[] {
  const some = nonEmpty([...workloads.filter(({ ready }) => ready), ...workloads.filter(({ ready }) => !ready)]);
  return some === undefined ? [] : [{ kind, id, workloads: some }];
}

/** The names under which pods can be found, for proposals. */
export function partyNames(model: MeshModel, qualified: boolean): readonly string[] {
  const ids = Object.values(model.workloads).flatMap(({ id, namespace, owners, serviceAccount }) => [
    id,
    ...owners.map(({ name }) => `${namespace}/${name}`),
    `${namespace}/${serviceAccount}`,
  ]);
  return qualified ? ids : ids.map((id) => id.slice(id.indexOf('/') + 1));
}

export function didYouMean(text: string, candidates: Iterable<string>): string {
  const near = closest(text, candidates);
  return near === undefined ? '' : `; did you mean "${near}"?`;
}
