import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { packageRoot } from '../lib/package-root.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import { parseYaml } from '../source/yaml.ts';
import { at, metadataOf } from './kinds.ts';

export const definitionsPath = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** A custom resource definition as this release brings it, and as the cluster has it. */
export interface Definition {
  readonly name: string;
  readonly group: string;
  readonly kind: string;
  readonly plural: string;
  /** Names of the versions that this release serves, the one it stores first. */
  readonly versions: readonly string[];
  /** Absent: the cluster has none. */
  readonly live?: Fields;
}

/** The definitions of this release, each beside what the cluster has of it. */
export async function readDefinitions(connection: Connection): Promise<Result<readonly Definition[], ClusterFault>> {
  const found: Definition[] = [];
  for (const shipped of shippedDefinitions()) {
    const live = await connection.get(`${definitionsPath}/${shipped.name}`);
    if (live.ok && isRecord(live.value)) found.push({ ...shipped, live: live.value });
    else if (live.ok || live.error.status === 404) found.push(shipped);
    else return err(live.error);
  }
  return ok(found);
}

function shippedDefinitions(): readonly Definition[] {
  const folder = join(packageRoot(), 'schemas', 'crds');
  return readdirSync(folder)
    .toSorted()
    .map((file) => {
      const parsed = parseYaml(readFileSync(join(folder, file), 'utf8'));
      const object = parsed.ok ? parsed.value.find(isRecord) : undefined;
      if (object === undefined) throw new Error(`${file} holds no definition`);
      return {
        name: metadataOf(object).name,
        group: String(at(object, 'spec', 'group')),
        kind: String(at(object, 'spec', 'names', 'kind')),
        plural: String(at(object, 'spec', 'names', 'plural')),
        versions: versionsOf(object).map(({ name }) => String(name)),
      };
    });
}

export function versionsOf(definition: Fields): readonly Fields[] {
  const versions = at(definition, 'spec', 'versions');
  return Array.isArray(versions) ? versions.filter(isRecord) : [];
}

/** In which versions objects may be stored. */
export function storedVersions(definition: Fields): readonly string[] {
  const stored = at(definition, 'status', 'storedVersions');
  return Array.isArray(stored) ? stored.map(String) : [];
}

export function storageVersion(definition: Fields): string {
  return String(versionsOf(definition).find(({ storage }) => storage === true)?.name);
}

/** The Service that converts between the versions, as `NAMESPACE/NAME`; `undefined` where nothing does. */
export function converterOf(definition: Fields): string | undefined {
  const service = at(definition, 'spec', 'conversion', 'webhook', 'clientConfig', 'service');
  if (isRecord(service)) return `${service.namespace}/${service.name}`;
  const url = at(definition, 'spec', 'conversion', 'webhook', 'clientConfig', 'url');
  return typeof url === 'string' ? url : undefined;
}

/** Versions in which the cluster stores objects and which this release cannot read. */
export function unreadableVersions({ live, versions }: Definition): readonly string[] {
  return live === undefined ? [] : storedVersions(live).filter((version) => !versions.includes(version));
}

/** What is missing until the apiserver serves a definition as this release means it; `undefined`: nothing. */
export function definitionLacks({ live, versions }: Definition): string | undefined {
  if (live === undefined) return 'it is not there';
  const conditions = at(live, 'status', 'conditions');
  const established = (Array.isArray(conditions) ? conditions : []).find((one) => at(one, 'type') === 'Established');
  if (at(established, 'status') !== 'True') return `it is not established: ${at(established, 'message') ?? 'not yet'}`;
  const served = versionsOf(live).filter((version) => version.served === true);
  const missing = versions.filter((version) => !served.some(({ name }) => name === version));
  if (missing.length > 0) return `${missing.join(', ')} is not served`;
  if (versions.length > 1 && converterOf(live) === undefined) return 'nothing converts between its versions';
  return undefined;
}
