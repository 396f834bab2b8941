import { createHash } from 'node:crypto';

/** One resource as it travels: immutable, so that every stream shares it and its bytes. */
export interface XdsResource {
  readonly typeUrl: string;
  readonly name: string;
  /** Equal content has equal version; made by `resourceVersion`. */
  readonly version: string;
  /** `google.protobuf.Any.value`. */
  readonly body: Uint8Array;
}

/** A resource that is different now, or new (`before` undefined), or gone (`now` undefined). */
export interface ResourceChange {
  readonly typeUrl: string;
  readonly name: string;
  readonly before: XdsResource | undefined;
  readonly now: XdsResource | undefined;
}

type Watcher = (changes: readonly ResourceChange[]) => void;

const noResources: ReadonlyMap<string, XdsResource> = new Map();

/**
 * What one or several nodes are to have. It changes in place, and the streams that hold it send what changed: an update
 * costs what it names, not what the view holds.
 */
export class View {
  readonly #types = new Map<string, Map<string, XdsResource>>();
  readonly #watchers = new Set<Watcher>();

  /** The resources of a type by name; it follows later updates. */
  get(typeUrl: string): ReadonlyMap<string, XdsResource> {
    return this.#types.get(typeUrl) ?? noResources;
  }

  types(): Iterable<string> {
    return this.#types.keys();
  }

  /** Puts resources in place and takes others away, as one change: what is `set` arrives before anything is removed. */
  update({ set = [], removed = [] }: ViewUpdate): void {
    const changes: ResourceChange[] = [];
    for (const { typeUrl, name } of removed) {
      const before = this.#types.get(typeUrl)?.get(name);
      if (before === undefined) continue;
      this.#types.get(typeUrl)!.delete(name);
      changes.push({ typeUrl, name, before, now: undefined });
    }
    for (const now of set) {
      const { typeUrl, name, version } = now;
      const ofType = this.#ofType(typeUrl);
      const before = ofType.get(name);
      if (before?.version === version) continue;
      ofType.set(name, now);
      changes.push({ typeUrl, name, before, now });
    }
    if (changes.length > 0) for (const watcher of this.#watchers) watcher(changes);
  }

  /** Tells each update that changes something, until the returned function is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #ofType(typeUrl: string): Map<string, XdsResource> {
    let ofType = this.#types.get(typeUrl);
    if (ofType === undefined) {
      ofType = new Map();
      this.#types.set(typeUrl, ofType);
    }
    return ofType;
  }
}

export interface ViewUpdate {
  readonly set?: readonly XdsResource[];
  readonly removed?: readonly Pick<XdsResource, 'typeUrl' | 'name'>[];
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
