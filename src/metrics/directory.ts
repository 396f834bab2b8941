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

  readonly weights: BackendWeights = (split, backend) => {
    const model = this.#current();
    const root = model?.telemetry.splits.find((each) => each.split === split)?.root;
    const ports = root === undefined ? [] : Object.values(model?.outbound[root]?.ports ?? {});
    for (const { rules } of ports) {
      for (const { to } of rules) {
        const target = to.kind === 'weighted' ? to.targets.find(({ service }) => service === backend) : undefined;
        if (target !== undefined) return target.weight;
      }
    }
    return undefined;
  };

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
