import type { Artifact } from '../../adapter/contract.ts';
import type { View, XdsResource } from '../../xds/view.ts';

/** How a version of a resource came about. */
export interface ResourceRevision {
  readonly artifact: Artifact;
  /** A load after which it was in force. */
  readonly generation: number;
}

interface Replaced {
  readonly resource: XdsResource;
  readonly generation: number;
}

const maxVersions = 4;
/** Resources of which older versions are kept; those that changed longest ago are forgotten first. */
const maxResources = 1_000;

/** What resources of connected proxies were before they changed, as far back as it is kept. */
export class ResourceHistory {
  readonly #artifactOf: (resource: XdsResource) => Artifact | undefined;
  readonly #watched = new WeakSet<View>();
  readonly #older = new Map<string, readonly Replaced[]>();
  /** The load of what is in force. */
  generation = 0;

  /** `artifactOf` knows every resource that was made from the model, as long as the resource is referred to. */
  constructor(artifactOf: (resource: XdsResource) => Artifact | undefined) {
    this.#artifactOf = artifactOf;
  }

  /** Remembers what goes from a view from now on. */
  watch(view: View): void {
    if (this.#watched.has(view)) return;
    this.#watched.add(view);
    view.watch((changes) => {
      for (const { before } of changes) if (before !== undefined) this.#replaced(before);
    });
  }

  /** A version that is in force in a view, or one that was and is still known. */
  find(view: View | undefined, typeUrl: string, name: string, version: string): ResourceRevision | undefined {
    const { generation } = this;
    const present = view?.get(typeUrl).get(name);
    const found =
      present?.version === version
        ? { resource: present, generation }
        : this.#older.get(keyOf(typeUrl, name))?.find(({ resource }) => resource.version === version);
    const artifact = found && this.#artifactOf(found.resource);
    return artifact && { artifact, generation: found.generation };
  }

  #replaced(resource: XdsResource): void {
    const key = keyOf(resource.typeUrl, resource.name);
    const older = this.#older.get(key) ?? [];
    // Views share resources, and each of them tells.
    if (older.at(-1)?.resource === resource) return;
    const others = older.filter((each) => each.resource.version !== resource.version);
    this.#older.delete(key);
    this.#older.set(key, [...others, { resource, generation: this.generation }].slice(-maxVersions));
    if (this.#older.size > maxResources) this.#older.delete(this.#older.keys().next().value ?? '');
  }
}

function keyOf(typeUrl: string, name: string): string {
  return `${typeUrl} ${name}`;
}
