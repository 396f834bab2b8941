import { isDeepStrictEqual } from 'node:util';
import { Demand } from '../lib/incremental/demand.ts';
import { Graph } from '../lib/incremental/graph.ts';
import { Source } from '../lib/incremental/stage.ts';
import { changesBetween, type ModelChanges } from '../model/changes.ts';
import type { MeshModel } from '../model/types.ts';

const records = ['services', 'workloads', 'outbound', 'inbound'] as const;
type ModelRecord = (typeof records)[number];
type Nodes = Readonly<Record<string, object>>;

type Shared = <T extends object>(name: string, compute: (model: MeshModel) => T) => T;
const sharedOf = new WeakMap<MeshModel, Shared>();

/**
 * Something that many units need of a model, worked out once for all of them: they are emitted again only when it comes
 * out different. `name` says what it is, and with it everything that it depends on beside the model.
 */
export function shared<T extends object>(model: MeshModel, name: string, compute: (model: MeshModel) => T): T {
  return sharedOf.get(model)?.(name, compute) ?? compute(model);
}

/**
 * A model that follows the compiler's, and notes what is read of it: values that are made from `model` in later stages of
 * the graph are made again only when a node that they read is another one now. It relies on the compiler's promise: what
 * did not change keeps its identity.
 */
export class TrackedModel {
  readonly graph = new Graph();
  /** Nodes themselves are handed out as they are. */
  readonly model: MeshModel;
  readonly #nodes = Object.fromEntries(
    records.map((record) => [record, new Source<string, object>(this.graph, Object.is)]),
  ) as Readonly<Record<ModelRecord, Source<string, object>>>;
  /** Fields of the model; of a record, which is another as soon as one of its nodes is. */
  readonly #fields = new Source<keyof MeshModel, object | string | number>(this.graph, Object.is);
  /** Computations that depend on a whole record, so that its nodes need not be noted one by one. */
  readonly #readsAll = new WeakMap<object, Set<ModelRecord>>();
  readonly #shared = new Map<string, (model: MeshModel) => object>();
  #current: MeshModel | undefined;

  constructor() {
    const demand = new Demand<string, object>(
      this.graph,
      (name) => this.#compute(name),
      isDeepStrictEqual,
      (name) => void this.#shared.delete(name),
    );
    this.model = this.#track();
    sharedOf.set(this.model, <T extends object>(name: string, compute: (model: MeshModel) => T): T => {
      this.#shared.set(name, compute);
      return demand.get(name) as T;
    });
  }

  /** Takes the next model in; without `changes` it is compared with the one before. */
  follow(model: MeshModel, changes: ModelChanges = changesBetween(this.#current, model)): void {
    this.#current = model;
    for (const record of records) {
      for (const key of changes[record]) this.#nodes[record].put(key, (model[record] as Nodes)[key]);
    }
    for (const field of Object.keys(model) as (keyof MeshModel)[]) this.#fields.put(field, model[field]);
  }

  #compute(name: string): object {
    const compute = this.#shared.get(name);
    if (compute === undefined) throw new Error(`nothing says what ${name} is`);
    return compute(this.model);
  }

  #track(): MeshModel {
    const fields = ['modelVersion', 'trustDomain', 'settings', 'telemetry'] as const satisfies (keyof MeshModel)[];
    return Object.defineProperties({} as MeshModel, {
      ...Object.fromEntries(
        fields.map((field) => [field, { enumerable: true, get: () => this.#fields.get(field) } as PropertyDescriptor]),
      ),
      ...Object.fromEntries(records.map((record) => [record, { enumerable: true, value: this.#trackRecord(record) }])),
    });
  }

  #trackRecord(record: ModelRecord): Nodes {
    const nodes = (): Nodes => this.#current?.[record] ?? {};
    const read = (key: string | symbol): object | undefined => {
      const { making } = this.graph;
      if (typeof key === 'symbol') return undefined;
      if (making !== undefined && this.#readsAll.get(making)?.has(record)) return nodes()[key];
      return this.#nodes[record].get(key);
    };
    return new Proxy({} as Nodes, {
      get: (_target, key) => read(key),
      has: (_target, key) => read(key) !== undefined,
      getOwnPropertyDescriptor: (_target, key) => {
        const value = read(key);
        return value === undefined ? undefined : { value, enumerable: true, configurable: true, writable: false };
      },
      ownKeys: () => {
        const { making } = this.graph;
        this.#fields.get(record);
        if (making !== undefined) {
          this.#readsAll.set(making, (this.#readsAll.get(making) ?? new Set()).add(record));
        }
        return Reflect.ownKeys(nodes());
      },
    });
  }
}
