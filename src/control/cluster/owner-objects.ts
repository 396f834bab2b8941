import type { Connection } from '../../kubernetes-client/connect.ts';
import { listAll } from '../../kubernetes-client/list.ts';
import { err, ok, type Result } from '../../lib/result.ts';
import type { MeasuredObject, ObjectDirectory } from '../../metrics/api/contract.ts';
import { type ResourcePlural, resourceKinds } from '../../metrics/contract.ts';
import { measuredObject } from '../measured-objects.ts';

/** How long a list counts, in milliseconds. */
const rememberedMillis = 5_000;
const mostRemembered = 256;

const roots: Partial<Record<ResourcePlural, string>> = { replicationcontrollers: '/api/v1', jobs: '/apis/batch/v1' };

type Listed = Result<readonly MeasuredObject[], string>;

/** What makes pods (Deployments and the like), which nobody follows: asked for when somebody wants to know, and kept for seconds. */
export function ownerObjects(connection: Connection, now: () => number = Date.now): ObjectDirectory {
  const remembered = new Map<string, { readonly until: number; readonly listed: Promise<Listed> }>();
  return {
    list: async (plural, namespace) => {
      const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
      const root = roots[plural] ?? '/apis/apps/v1';
      const path = `${root}${within}/${plural}`;
      const known = remembered.get(path);
      if (known !== undefined && now() < known.until) return await known.listed;
      const listed = ask(connection, plural, path, root.slice(root.indexOf('/', 1) + 1));
      remembered.delete(path);
      remembered.set(path, { until: now() + rememberedMillis, listed });
      const [oldest] = remembered.keys();
      if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
      const result = await listed;
      if (!result.ok) remembered.delete(path);
      return result;
    },
  };
}

async function ask(connection: Connection, plural: ResourcePlural, path: string, apiVersion: string): Promise<Listed> {
  const listed = await listAll(connection, { apiVersion, kind: resourceKinds[plural], path });
  return listed.ok ? ok(listed.value.map((object) => measuredObject(object, plural))) : err(listed.error.message);
}
