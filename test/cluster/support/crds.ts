import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { until } from '../../e2e/support/mesh.ts';
import type { ApiClient } from './client.ts';

/** apiextensions.k8s.io/v1 CustomResourceDefinition, as far as the tests look at it. */
export interface Crd {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion?: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: { readonly kind: string; readonly plural: string; readonly shortNames?: readonly string[] };
    readonly conversion?: unknown;
    readonly versions: readonly CrdVersion[];
  };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

export interface CrdVersion {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: Readonly<Record<string, unknown>> };
  readonly subresources?: { readonly status?: unknown };
  readonly additionalPrinterColumns?: readonly { readonly name: string; readonly jsonPath: string }[];
}

export const crdsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const folder = fileURLToPath(new URL('../../../schemas/crds/', import.meta.url));

/** Those that the project ships. */
export function shippedCrds(): readonly Crd[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.map((file) => parse(readFileSync(join(folder, file), 'utf8')) as Crd);
}

/** Creates a definition, or brings it up to date, and waits until its objects can be created. */
export async function install(client: ApiClient, crd: Crd): Promise<Crd> {
  const path = `${crdsPath}/${crd.metadata.name}`;
  const before = await client.get(path);
  const { resourceVersion } = (before.body as unknown as Crd).metadata;
  const written =
    before.status === 404 || resourceVersion === undefined
      ? await client.post(crdsPath, crd)
      : await client.put(path, { ...crd, metadata: { ...crd.metadata, resourceVersion } });
  if (written.status > 201) throw new Error(`${crd.metadata.name} is refused: ${written.body.message}`);
  let current: Crd = crd;
  await until(
    async () => {
      current = (await client.get(path)).body as unknown as Crd;
      return conditionOf(current, 'Established') === 'True';
    },
    30_000,
    () => `${crd.metadata.name} is established: ${JSON.stringify(current.status?.conditions)}`,
  );
  await until(
    async () =>
      (await Promise.all(current.spec.versions.map((version) => isServed(client, current, version)))).every(Boolean),
    30_000,
    () => `every version of ${crd.metadata.name} is listed`,
  );
  return current;
}

async function isServed(client: ApiClient, crd: Crd, { name, served }: CrdVersion): Promise<boolean> {
  return !served || (await client.get(objectsPath(crd, name))).status === 200;
}

/** `undefined` when the apiserver says nothing of it. */
export function conditionOf(crd: Crd, type: string): string | undefined {
  return crd.status?.conditions?.find((condition) => condition.type === type)?.status;
}

/** Where objects of a version live: of one namespace, or of all. */
export function objectsPath({ spec }: Crd, version: string, namespace?: string): string {
  const within = namespace === undefined || spec.scope === 'Cluster' ? '' : `/namespaces/${namespace}`;
  return `/apis/${spec.group}/${version}${within}/${spec.names.plural}`;
}
