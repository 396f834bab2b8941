import { loadAll } from 'js-yaml';

export interface WrittenManifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The documents of a text that is known to hold manifests. */
export function loadYaml(text: string): readonly WrittenManifest[] {
  return loadAll(text) as WrittenManifest[];
}
