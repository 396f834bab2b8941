import type { MeshModel } from '../model/types.ts';

const records = ['services', 'workloads', 'outbound', 'inbound'] as const;
type ModelRecord = (typeof records)[number];
type Nodes = Readonly<Record<string, unknown>>;

/** A part of the model that was read, and what it was: one node, the list of a record's nodes, or a top-level field. */
type Dependency =
  | { readonly kind: 'node'; readonly record: ModelRecord; readonly key: string; readonly value: unknown }
  | { readonly kind: 'record'; readonly record: ModelRecord; readonly value: Nodes }
  | { readonly kind: 'field'; readonly field: keyof MeshModel; readonly value: unknown };

interface Remembered<V> {
  readonly dependencies: readonly Dependency[];
  readonly value: V;
}

/**
 * A function of the model and a key that is computed again only when a node that it read last time is another object
 * now. It relies on the compiler's promise: what did not change keeps its identity.
 */
export interface Memo<V> {
  get(model: MeshModel, key: string): V;
  /** Forgets every key that is not among these. */
  keepOnly(keys: ReadonlySet<string>): void;
}

/** `same` lets a value that was computed again, but is equal, keep its identity too. */
export function createMemo<V>(
  compute: (model: MeshModel, key: string) => V,
  same: (before: V, now: V) => boolean,
): Memo<V> {
  const remembered = new Map<string, Remembered<V>>();
  return {
    get(model, key) {
      const before = remembered.get(key);
      if (before?.dependencies.every((dependency) => holds(model, dependency))) return before.value;
      const { tracked, dependencies } = track(model);
      const now = compute(tracked, key);
      const value = before !== undefined && same(before.value, now) ? before.value : now;
      remembered.set(key, { dependencies: dependencies(), value });
      return value;
    },
    keepOnly(keys) {
      for (const key of remembered.keys()) if (!keys.has(key)) remembered.delete(key);
    },
  };
}

function holds(model: MeshModel, dependency: Dependency): boolean {
  switch (dependency.kind) {
    case 'node':
      return (model[dependency.record] as Nodes)[dependency.key] === dependency.value;
    case 'record':
      return sameNodes(model[dependency.record], dependency.value);
    case 'field':
      return model[dependency.field] === dependency.value;
  }
}

function sameNodes(a: Nodes, b: Nodes): boolean {
  if (a === b) return true;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}

/** A view of the model that notes what is read of it. Nodes themselves are handed out as they are. */
function track(model: MeshModel): { tracked: MeshModel; dependencies: () => readonly Dependency[] } {
  const found = new Map<string, Dependency>();
  const tracked = Object.defineProperties({} as MeshModel, {
    ...Object.fromEntries(Object.keys(model).map((key) => [key, trackedField(model, key as keyof MeshModel, found)])),
    ...Object.fromEntries(
      records.map((record) => [record, { enumerable: true, value: trackedRecord(model, record, found) }]),
    ),
  });
  return { tracked, dependencies: () => [...found.values()] };
}

function trackedField(model: MeshModel, field: keyof MeshModel, found: Map<string, Dependency>): PropertyDescriptor {
  return {
    enumerable: true,
    get() {
      found.set(field, { kind: 'field', field, value: model[field] });
      return model[field];
    },
  };
}

function trackedRecord(model: MeshModel, record: ModelRecord, found: Map<string, Dependency>): Nodes {
  const note = (target: Nodes, key: string | symbol) => {
    if (typeof key === 'string' && !found.has(record)) {
      found.set(`${record}/${key}`, { kind: 'node', record, key, value: target[key] });
    }
  };
  return new Proxy(model[record] as Nodes, {
    get(target, key, receiver) {
      note(target, key);
      return Reflect.get(target, key, receiver);
    },
    has(target, key) {
      note(target, key);
      return Reflect.has(target, key);
    },
    getOwnPropertyDescriptor(target, key) {
      note(target, key);
      return Reflect.getOwnPropertyDescriptor(target, key);
    },
    ownKeys(target) {
      found.set(record, { kind: 'record', record, value: target });
      return Reflect.ownKeys(target);
    },
  });
}
