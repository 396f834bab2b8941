import type { DocumentKind } from '../../../adapter/contract.ts';
import type { StreamingConnection } from '../../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../../kubernetes-client/fault.ts';
import { discover, type ServedKind } from '../../../kubernetes-client/list.ts';
import { type ObjectName, type Reflector, startReflector } from '../../../kubernetes-client/reflector.ts';
import { versionNumber } from '../../../kubernetes-client/resource-version.ts';
import { type Fields, isRecord } from '../../../lib/values.ts';

/** Names an object of the target's API: `API VERSION KIND NAMESPACE/NAME`, parted by blanks. */
export type TargetKey = string & { readonly __brand: 'TargetKey' };

/** An object that the bridge wrote, as the cluster has it. */
export interface LiveObject {
  readonly path: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Everything but `status` and what the apiserver keeps in `metadata`; equal texts are equal objects. */
  readonly content: string;
}

export interface TargetObjectsOptions {
  readonly kinds: readonly DocumentKind[];
  /** Which objects are the bridge's own. */
  readonly labelSelector: string;
  readonly onChange: () => void;
  readonly onFault: (fault: ClusterFault) => void;
}

/** The objects that the bridge wrote, followed, by any of its replicas and however long ago. */
export class TargetObjects {
  readonly #connection: StreamingConnection;
  readonly #options: TargetObjectsOptions;
  readonly #live = new Map<TargetKey, LiveObject>();
  readonly #served = new Map<string, ServedKind>();
  readonly #reflectors = new Map<string, Reflector>();

  constructor(connection: StreamingConnection, options: TargetObjectsOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Looks which kinds the cluster serves, and follows those that it did not follow yet. */
  async discover(): Promise<ClusterFault | undefined> {
    const { kinds } = this.#options;
    const wanted = kinds.map(({ apiVersion, kind }) => {
      const slash = apiVersion.indexOf('/');
      return { group: apiVersion.slice(0, Math.max(0, slash)), kind, versions: [apiVersion.slice(slash + 1)] };
    });
    const found = await discover(this.#connection, wanted);
    if (!found.ok) return { diagnostic: found.error };
    for (const served of found.value) this.#follow(served);
    return undefined;
  }

  /** Whether all own objects of the kinds that are served are known. */
  get synced(): boolean {
    return [...this.#reflectors.values()].every(({ synced }) => synced);
  }

  /** Whether a kind that may be written is not served, so that it is to be looked for again. */
  get incomplete(): boolean {
    return this.#served.size < this.#options.kinds.length;
  }

  get own(): ReadonlyMap<TargetKey, LiveObject> {
    return this.#live;
  }

  /** Where an object is, or is to be; nothing when the cluster does not serve its kind. */
  pathOf(object: Fields): string | undefined {
    const served = this.#served.get(`${object.apiVersion} ${object.kind}`);
    return served === undefined ? undefined : pathWithin(served, nameOf(object));
  }

  /** What the apiserver answered to a write: the watch shows the same a little later. */
  put(object: Fields): void {
    const key = targetKey(object);
    const path = this.pathOf(object);
    if (path !== undefined) this.#put(key, path, object);
  }

  stop(): void {
    for (const reflector of this.#reflectors.values()) reflector.stop();
  }

  #follow(served: ServedKind): void {
    const name = `${served.apiVersion} ${served.kind}`;
    if (this.#served.has(name)) return;
    this.#served.set(name, served);
    const { labelSelector, onChange, onFault } = this.#options;
    const { apiVersion, kind } = served;
    const reflector = startReflector(this.#connection, {
      path: served.path,
      labelSelector,
      onChange: ({ set, removed }) => {
        for (const object of set) {
          const whole = { ...object, apiVersion, kind };
          this.#put(targetKey(whole), pathWithin(served, nameOf(object)), whole);
        }
        for (const gone of removed) this.#live.delete(targetKey({ apiVersion, kind, metadata: gone }));
        onChange();
      },
      onSynced: onChange,
      onFault,
    });
    this.#reflectors.set(name, reflector);
  }

  #put(key: TargetKey, path: string, object: Fields): void {
    const metadata = isRecord(object.metadata) ? object.metadata : {};
    const [uid, resourceVersion] = [String(metadata.uid), String(metadata.resourceVersion)];
    const known = this.#live.get(key);
    // The watch may still tell of a state before the one that a write was answered with.
    if (known?.uid === uid && versionNumber(resourceVersion) < versionNumber(known.resourceVersion)) return;
    this.#live.set(key, { path, uid, resourceVersion, content: contentOf(object) });
  }
}

export function targetKey(object: Fields): TargetKey {
  const { namespace, name } = nameOf(object);
  return `${object.apiVersion} ${object.kind} ${namespace}/${name}` as TargetKey;
}

/** Without the version: `AuthorizationPolicy shop/smi-mesh-deny`. */
export function describeTarget(key: TargetKey): string {
  return key.slice(key.indexOf(' ') + 1);
}

function nameOf({ metadata }: Fields): ObjectName {
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  return { namespace: typeof namespace === 'string' ? namespace : '', name: String(name) };
}

function pathWithin({ path }: ServedKind, { namespace, name }: ObjectName): string {
  const split = path.lastIndexOf('/');
  const within = namespace === '' ? '' : `/namespaces/${namespace}`;
  return `${path.slice(0, split)}${within}${path.slice(split)}/${encodeURIComponent(name)}`;
}

function contentOf(object: Fields): string {
  const { metadata, status: _, ...rest } = object;
  const { labels = {}, annotations = {} } = isRecord(metadata) ? metadata : {};
  return JSON.stringify(sorted({ ...rest, labels, annotations }));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
