import type { MeshModel, WorkloadId } from '../model/types.ts';
import type { BackendWeights } from './summarize.ts';

/** What is known of a pod beyond its name. */
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
  readonly weights: BackendWeights;
}

/** A directory as plain JSON. */
export interface DirectoryData {
  /** By `NAMESPACE/POD`. */
  readonly pods: Readonly<Record<string, PodFacts>>;
  readonly weights: readonly { readonly split: string; readonly backend: string; readonly weight: number }[];
}

/** The directory that was told of by another process. */
export function directoryOf({ pods, weights }: DirectoryData): MeshDirectory {
  return {
    pod: (namespace, name) => {
      const id = `${namespace}/${name}`;
      return Object.hasOwn(pods, id) ? pods[id] : undefined;
    },
    weights: (split, backend) => weights.find((each) => each.split === split && each.backend === backend)?.weight,
  };
}

/** Pods that are gone are still told of, as long as there is room: their traffic is. */
const maxGone = 10_000;

/** The directory of a mesh as it is now; `nodeOf` names the node of a pod, where there are nodes. */
export class ModelDirectory implements MeshDirectory {
  readonly #model: () => MeshModel | undefined;
  readonly #nodeOf: (namespace: string, pod: string) => string | undefined;
  #seen: MeshModel | undefined;
  #services = new Map<WorkloadId, string[]>();
  readonly #known = new Map<string, PodFacts>();

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
    this.#remember(id, facts);
    return facts;
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
      this.#seen = model;
    }
    return model;
  }

  #remember(id: string, facts: PodFacts): void {
    this.#known.delete(id);
    this.#known.set(id, facts);
    if (this.#known.size <= maxGone) return;
    const [oldest] = this.#known.keys();
    if (oldest !== undefined) this.#known.delete(oldest);
  }
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
