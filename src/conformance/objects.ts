import type { ConformanceCase, Manifest, ObjectName, Step } from './case.ts';

/** The objects of a case as they are after some of its steps. */
export class CaseObjects {
  readonly #objects = new Map<string, Manifest>();

  constructor({ topology }: Pick<ConformanceCase, 'topology'>) {
    for (const manifest of topology) this.#objects.set(keyOf(nameOf(manifest)), manifest);
  }

  change({ apply, remove }: Pick<Step, 'apply' | 'remove'>): void {
    for (const name of remove) {
      if (!this.#objects.delete(keyOf(name))) throw new Error(`there is no ${keyOf(name)} to remove`);
    }
    for (const manifest of apply) this.#objects.set(keyOf(nameOf(manifest)), manifest);
  }

  list(): readonly Manifest[] {
    return [...this.#objects.values()];
  }

  /** As one text of manifests. */
  text(): string {
    return this.list()
      .map((manifest) => `${JSON.stringify(manifest)}\n`)
      .join('---\n');
  }
}

export function nameOf({ kind, metadata }: Manifest): ObjectName {
  const { namespace = '', name } = metadata as { readonly namespace?: string; readonly name: string };
  return { kind: String(kind), namespace, name };
}

function keyOf({ kind, namespace, name }: ObjectName): string {
  return `${kind} ${namespace}/${name}`;
}
