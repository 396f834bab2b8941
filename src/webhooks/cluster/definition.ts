import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { StoredKind } from '../../kubernetes-client/migrate-storage.ts';
import { packageRoot } from '../../lib/package-root.ts';
import type { Fields } from '../../lib/values.ts';

/** An apiextensions.k8s.io/v1 CustomResourceDefinition, as far as its care depends on it. */
export interface Definition extends Fields {
  readonly metadata: { readonly name: string; readonly labels?: Fields; readonly annotations?: Fields };
  readonly spec: DefinitionSpec;
}

export interface DefinitionSpec extends Fields {
  readonly group: string;
  readonly scope: string;
  readonly names: { readonly kind: string; readonly plural: string };
  readonly conversion?: Fields;
  readonly versions: readonly { readonly name: string; readonly storage: boolean }[];
}

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** The definitions of this release, from `schemas/crds`. */
export function shippedDefinitions(): readonly Definition[] {
  const folder = join(packageRoot(), 'schemas', 'crds');
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Definition);
}

/** Where its objects are, and in which version they are to be stored. */
export function storedKind({ metadata, spec }: Definition): StoredKind {
  const storageVersion = spec.versions.find(({ storage }) => storage)?.name ?? '';
  return { name: metadata.name, group: spec.group, plural: spec.names.plural, storageVersion };
}
