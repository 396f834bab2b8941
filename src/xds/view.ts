import { createHash } from 'node:crypto';

export interface ResourceName {
  readonly typeUrl: string;
  readonly name: string;
}

/** One resource as it travels: immutable, so that every stream shares it and its bytes. */
export interface XdsResource extends ResourceName {
  /** Equal content has equal version; made by `resourceVersion`. Never empty. */
  readonly version: string;
  /** `google.protobuf.Any.value`. */
  readonly body: Uint8Array;
  /**
   * Resources of later types that a client waits for before it takes this one into use, even when it has them: they are
   * sent again with it. (Envoy warms a changed cluster until it is told the endpoints once more.)
   */
  readonly awaits?: readonly ResourceName[];
}

export interface ViewUpdate {
  readonly set?: readonly XdsResource[];
  readonly removed?: readonly ResourceName[];
}

/** A resource that is different now, or new (`before` undefined), or gone (`now` undefined). */
export interface ResourceChange extends ResourceName {
  readonly before: XdsResource | undefined;
  readonly now: XdsResource | undefined;
}

const firstSeen = new WeakMap<XdsResource, number>();

/** When a resource first stood in a view; milliseconds since the epoch. */
export function updatedAt(resource: XdsResource): number | undefined {
  return firstSeen.get(resource);
}

type Watcher = (changes: readonly ResourceChange[]) => void;

interface OfType {
  readonly resources: Map<string, XdsResource>;
  list: readonly XdsResource[] | undefined;
}

/**
 * What one or several nodes are to have. It changes in place, and the streams that hold it send what changed: an update
 * costs what it names, not what the view holds.
 */
export class View {
  readonly #types = new Map<string, OfType>();
  readonly #watchers = new Set<Watcher>();

  /** The resources of a type by name; the map follows later updates. */
  get(typeUrl: string): ReadonlyMap<string, XdsResource> {
    return this.#ofType(typeUrl).resources;
  }

  types(): Iterable<string> {
    return this.#types.keys();
  }

  /** All resources of a type: the same array until one of them changes. */
  list(typeUrl: string): readonly XdsResource[] {
    const ofType = this.#ofType(typeUrl);
    ofType.list ??= [...ofType.resources.values()];
    return ofType.list;
  }

  /** Puts resources in place and takes others away, as one change: what is `set` arrives before anything is removed. */
  update({ set = [], removed = [] }: ViewUpdate): void {
    const changes = new Map<string, ResourceChange>();
    for (const { typeUrl, name } of removed) this.#change(typeUrl, name, undefined, changes);
    for (const resource of set) this.#change(resource.typeUrl, resource.name, resource, changes);
    if (changes.size === 0) return;
    const all = [...changes.values()];
    for (const watcher of this.#watchers) watcher(all);
  }

  /** Tells each update that changes something, until the returned function is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #change(typeUrl: string, name: string, now: XdsResource | undefined, changes: Map<string, ResourceChange>): void {
    const ofType = this.#ofType(typeUrl);
    const before = ofType.resources.get(name);
    if (before?.version === now?.version) return;
    if (now === undefined) ofType.resources.delete(name);
    else {
      ofType.resources.set(name, now);
      if (!firstSeen.has(now)) firstSeen.set(now, Date.now());
    }
    ofType.list = undefined;
    // A name may stand in one update more than once.
    const key = `${typeUrl} ${name}`;
    changes.set(key, { typeUrl, name, before: changes.has(key) ? changes.get(key)?.before : before, now });
  }

  #ofType(typeUrl: string): OfType {
    let ofType = this.#types.get(typeUrl);
    if (ofType === undefined) {
      ofType = { resources: new Map(), list: undefined };
      this.#types.set(typeUrl, ofType);
    }
    return ofType;
  }
}

/** A version from content: the same bytes have the same version whichever process computed it. */
export function resourceVersion(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('base64url').slice(0, 22);
}

export function createView(resources: readonly XdsResource[] = []): View {
  const view = new View();
  view.update({ set: resources });
  return view;
}
