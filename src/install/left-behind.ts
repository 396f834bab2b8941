import { injectLabel } from '../kubernetes/names.ts';
import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { ok, type Result } from '../lib/result.ts';
import { listed, runningPods } from './checks/sidecars.ts';
import { readDefinitions, storageVersion } from './definitions.ts';
import { itemsOf, metadataOf } from './kinds.ts';

/** What of the mesh is in a cluster beside the installation. */
export interface LeftBehind {
  readonly objectCount: number;
  /** For people, with what to do about it. */
  readonly lines: readonly string[];
}

export async function leftBehind(connection: Connection): Promise<Result<LeftBehind, ClusterFault>> {
  const definitions = await readDefinitions(connection);
  if (!definitions.ok) return definitions;
  const counts: (readonly [string, number])[] = [];
  for (const { group, plural, kind, live } of definitions.value) {
    if (live === undefined) continue;
    const list = await connection.get(`/apis/${group}/${storageVersion(live)}/${plural}?limit=500`);
    if (list.ok) counts.push([kind, itemsOf(list.value).length]);
    else if (list.error.status !== 404) return list;
  }
  const [namespaces, pods] = await Promise.all([
    connection.get(`/api/v1/namespaces?labelSelector=${encodeURIComponent(`${injectLabel}=enabled`)}`),
    connection.get('/api/v1/pods'),
  ]);
  if (!namespaces.ok) return namespaces;
  if (!pods.ok) return pods;
  const meshed = runningPods(pods.value, '').filter((pod) => pod.meshed);
  const labelled = itemsOf(namespaces.value).map((item) => metadataOf(item).name);
  return ok({
    objectCount: counts.reduce((sum, [, count]) => sum + count, 0),
    lines: [
      ...objectLines(counts),
      ...(labelled.length === 0
        ? []
        : [`  left: label ${injectLabel} of namespaces ${listed(labelled)}; it does nothing any more`]),
      ...(meshed.length === 0
        ? []
        : [
            `  left: sidecars of ${meshed.length} pods (${listed(meshed.map(({ title }) => title))}), whose certificates end within a day`,
            '    hint: kubectl rollout restart their Deployments',
          ]),
    ],
  });
}

function objectLines(counts: readonly (readonly [string, number])[]): readonly string[] {
  if (counts.length === 0) return [];
  const objects = counts.filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
  const what = objects.length === 0 ? 'no objects' : objects.join(', ');
  return [
    `  left: ${counts.length} custom resource definitions with ${what}, served in the version that is stored`,
    ...(objects.length === 0 ? ['    hint: `smi-cli uninstall --all` removes the definitions too'] : []),
  ];
}
