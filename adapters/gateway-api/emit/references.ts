import type { ServiceId } from '../../../src/model/types.ts';

/** Where an object of ours lives, and which Services of other namespaces it refers to. */
export class References {
  readonly namespace: string;
  readonly #foreign = new Map<string, Set<string>>();

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** BackendObjectReference. */
  to(service: ServiceId, port: number): Readonly<Record<string, unknown>> {
    const slash = service.indexOf('/');
    const [namespace, name] = [service.slice(0, slash), service.slice(slash + 1)];
    if (namespace === this.namespace) return { name, port };
    const names = this.#foreign.get(namespace) ?? new Set<string>();
    this.#foreign.set(namespace, names.add(name));
    return { name, namespace, port };
  }

  /** By namespace, both sorted. */
  foreign(): readonly { readonly namespace: string; readonly names: readonly string[] }[] {
    const entries = [...this.#foreign].sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([namespace, names]) => ({ namespace, names: [...names].sort() }));
  }
}
