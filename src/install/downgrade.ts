import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { ok, type Result } from '../lib/result.ts';
import { readDefinitions, unreadableVersions } from './definitions.ts';

/** Why this release must not follow what is in the cluster: it could not read what is stored there. */
export async function refusedDowngrade(connection: Connection): Promise<Result<string | undefined, ClusterFault>> {
  const definitions = await readDefinitions(connection);
  if (!definitions.ok) return definitions;
  const [first] = definitions.value.flatMap((definition) => {
    const versions = unreadableVersions(definition);
    return versions.length === 0 ? [] : [`${definition.name} is stored in ${versions.join(', ')}`];
  });
  return ok(first === undefined ? undefined : `this release cannot read what the cluster stores: ${first}`);
}
