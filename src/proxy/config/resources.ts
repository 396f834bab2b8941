import type { Endpoints__Output } from '../../../generated/types/proxy/smi/proxy/v1/Endpoints.ts';
import type { InboundPolicy__Output } from '../../../generated/types/proxy/smi/proxy/v1/InboundPolicy.ts';
import type { OutboundService__Output } from '../../../generated/types/proxy/smi/proxy/v1/OutboundService.ts';
import type { Secret__Output } from '../../../generated/types/proxy/smi/proxy/v1/Secret.ts';
import type { Workload__Output } from '../../../generated/types/proxy/smi/proxy/v1/Workload.ts';

/** Kinds of resources, in the order in which they are asked for. */
export const resourceKinds = ['Secret', 'Workload', 'OutboundService', 'InboundPolicy', 'Endpoints'] as const;
export type ResourceKind = (typeof resourceKinds)[number];

export interface Messages {
  readonly Workload: Workload__Output;
  readonly OutboundService: OutboundService__Output;
  readonly Endpoints: Endpoints__Output;
  readonly InboundPolicy: InboundPolicy__Output;
  readonly Secret: Secret__Output;
}

const prefix = 'type.googleapis.com/smi.proxy.v1.';

export function typeUrlOf(kind: ResourceKind): string {
  return prefix + kind;
}

export function kindOfTypeUrl(typeUrl: string): ResourceKind | undefined {
  return resourceKinds.find((kind) => typeUrl === prefix + kind);
}

/** A decoded and validated resource; `version` is the control plane's, empty for static configuration. */
export interface Resource<K extends ResourceKind = ResourceKind> {
  readonly kind: K;
  readonly name: string;
  readonly version: string;
  readonly message: Messages[K];
}

/** All resources of a proxy by kind and name; immutable. */
export class ResourceSet {
  readonly #byKind: ReadonlyMap<ResourceKind, ReadonlyMap<string, Resource>>;

  constructor(byKind: ReadonlyMap<ResourceKind, ReadonlyMap<string, Resource>> = new Map()) {
    this.#byKind = byKind;
  }

  get<K extends ResourceKind>(kind: K, name: string): Messages[K] | undefined {
    return this.#byKind.get(kind)?.get(name)?.message as Messages[K] | undefined;
  }

  all(): readonly Resource[] {
    return [...this.#byKind.values()].flatMap((byName) => [...byName.values()]);
  }

  /** Name -> version of what is there of a kind. */
  versions(kind: ResourceKind): Readonly<Record<string, string>> {
    return Object.fromEntries([...(this.#byKind.get(kind) ?? [])].map(([name, { version }]) => [name, version]));
  }

  with(changed: readonly Resource[], removed: readonly { kind: ResourceKind; name: string }[] = []): ResourceSet {
    const next = new Map([...this.#byKind].map(([kind, byName]) => [kind, new Map(byName)]));
    for (const { kind, name } of removed) next.get(kind)?.delete(name);
    for (const resource of changed) {
      const byName = next.get(resource.kind) ?? new Map<string, Resource>();
      byName.set(resource.name, resource);
      next.set(resource.kind, byName);
    }
    return new ResourceSet(next);
  }
}
