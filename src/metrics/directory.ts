import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { BackendWeights } from './contract.ts';

/** What is known of a pod beyond its name, or what all pods of an account have in common. */
export interface PodFacts {
  readonly node?: string;
  /** From nearest to farthest. */
  readonly owners: readonly { readonly kind: string; readonly name: string }[];
  /** Names of the Services of its namespace that select it. */
  readonly services: readonly string[];
}

/** What the objects say about what proxies measure. */
export interface MeshDirectory {
  pod(namespace: string, name: string): PodFacts | undefined;
  /** What whoever proves a SPIFFE id is, as far as it does not matter which of its pods it is. */
  account(identity: string): PodFacts | undefined;
  readonly weights: BackendWeights;
}

/** A directory as plain JSON. */
export interface DirectoryData {
  /** By `NAMESPACE/POD`. */
  readonly pods: Readonly<Record<string, PodFacts>>;
  /** By SPIFFE id. */
  readonly accounts: Readonly<Record<string, PodFacts>>;
  readonly weights: readonly { readonly split: string; readonly backend: string; readonly weight: number }[];
}

/** The directory that was told of by another process. */
export function directoryOf({ pods, accounts, weights }: DirectoryData): MeshDirectory {
  const [byPod, byAccount] = [new Map(Object.entries(pods)), new Map(Object.entries(accounts))];
  return {
    pod: (namespace, name) => byPod.get(`${namespace}/${name}`),
    account: (identity) => byAccount.get(identity),
    weights: (split, backend) => weights.find((each) => each.split === split && each.backend === backend)?.weight,
  };
}

/** Pods and accounts that are gone are still told of, as long as there is room: their traffic is. */
const maxGone = 10_000;

/** The directory of a mesh as it is now; `nodeOf` names the node of a pod, where there are nodes. */
export class ModelDirectory implements MeshDirectory {
  readonly #model: () => MeshModel | undefined;
  readonly #nodeOf: (namespace: string, pod: string) => string | undefined;
  #seen: MeshModel | undefined;
  #services = new Map<WorkloadId, string[]>();
  readonly #known = new Map<string, PodFacts>();
  readonly #accounts = new Map<string, PodFacts>();

  constructor(
    model: () => MeshModel | undefined,
    nodeOf: (namespace: string, pod: string) => string | undefined = () => undefined,
  ) {
    this.#model = model;
    this.#nodeOf = nodeOf;
  }

  pod(namespace: string, name: string): PodFacts | undefined {
    const model = this.#current();
    const id = `${namespace}/${name}` as WorkloadId;
    const workload = model !== undefined && Object.hasOwn(model.workloads, id) ? model.workloads[id] : undefined;
    if (workload === undefined) return this.#known.get(id);
    const node = this.#nodeOf(namespace, name);
    const facts: PodFacts = {
      ...(node === undefined ? {} : { node }),
      owners: workload.owners,
      services: this.#services.get(id) ?? [],
    };
    remember(this.#known, id, facts);
    return facts;
  }

  account(identity: string): PodFacts | undefined {
    this.#current();
    return this.#accounts.get(identity);
  }

  readonly weights: BackendWeights = (split, backend) =>
    this.#targetsOf(split).find(({ service }) => service === backend)?.weight;

  toJSON(): DirectoryData {
    const model = this.#current();
    for (const id of Object.keys(model?.workloads ?? {})) {
      const [namespace = '', name = ''] = id.split('/');
      this.pod(namespace, name);
    }
    const splits = model?.telemetry.splits.map(({ split }) => split) ?? [];
    return {
      pods: Object.fromEntries(this.#known),
      accounts: Object.fromEntries(this.#accounts),
      weights: splits.flatMap((split) =>
        this.#targetsOf(split).map(({ service, weight }) => ({ split, backend: service, weight })),
      ),
    };
  }

  /** What a split chooses among; what several ports have alike is there several times. */
  #targetsOf(split: string): readonly { readonly service: string; readonly weight: number }[] {
    const model = this.#current();
    const root = model?.telemetry.splits.find((each) => each.split === split)?.root;
    const ports = root === undefined ? [] : Object.values(model?.outbound[root]?.ports ?? {});
    return ports.flatMap(({ rules }) => rules.flatMap(({ to }) => (to.kind === 'weighted' ? to.targets : [])));
  }

  #current(): MeshModel | undefined {
    const model = this.#model();
    if (model !== this.#seen && model !== undefined) {
      this.#services = servicesOf(model);
      for (const [identity, workloads] of Map.groupBy(Object.values(model.workloads), (each) => each.identity)) {
        const facts = workloads.map(({ id, owners }) => ({ owners, services: this.#services.get(id) ?? [] }));
        remember(this.#accounts, identity, inCommon(facts));
      }
      this.#seen = model;
    }
    return model;
  }
}

function remember(known: Map<string, PodFacts>, id: string, facts: PodFacts): void {
  known.delete(id);
  known.set(id, facts);
  if (known.size <= maxGone) return;
  const [oldest] = known.keys();
  if (oldest !== undefined) known.delete(oldest);
}

function inCommon(all: readonly PodFacts[]): PodFacts {
  const [first, ...others] = all;
  const { owners = [], services = [] } = first ?? {};
  return {
    owners: owners.filter(({ kind, name }) =>
      others.every((each) => each.owners.some((owner) => owner.kind === kind && owner.name === name)),
    ),
    services: services.filter((name) => others.every((each) => each.services.includes(name))),
  };
}

function servicesOf(model: MeshModel): Map<WorkloadId, string[]> {
  const services = new Map<WorkloadId, string[]>();
  for (const { name, ports } of Object.values(model.services)) {
    for (const workload of new Set(ports.flatMap(({ targets }) => targets.map((target) => target.workload)))) {
      services.set(workload, [...(services.get(workload) ?? []), name]);
    }
  }
  return services;
}
