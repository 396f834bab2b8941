import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../../kubernetes-client/connect.ts';
import { type Fields, isRecord } from '../../../lib/values.ts';
import type { CasePod, Manifest } from '../../case.ts';
import { isOutside } from '../../topology.ts';
import type { ClusterMeshDescription } from '../description.ts';

const askAgainMillis = 500;
const shownLength = 300;

/** A manifest of a topology as this mesh needs it. */
export function prepared(manifest: Manifest, mesh: ClusterMeshDescription, image: string): Manifest {
  const { kind } = manifest;
  if (kind === 'Namespace') return { ...manifest, metadata: labelled(manifest.metadata, mesh.namespaces) };
  if (kind !== 'Pod') return manifest;
  const { status: _, ...pod } = manifest;
  const spec = manifest.spec as Fields;
  const containers = (spec.containers as readonly Fields[]).map((container) => ({ ...container, image }));
  return {
    ...pod,
    metadata: labelled(manifest.metadata, isOutside(manifest) ? mesh.outsiders : mesh.pods),
    // Nothing is lost when a program of the suite ends at once.
    spec: { ...spec, containers, terminationGracePeriodSeconds: 1 },
  };
}

function labelled(metadata: unknown, { labels, annotations }: ClusterMeshDescription['outsiders'] = {}): Fields {
  const fields = isRecord(metadata) ? metadata : {};
  const both = (own: unknown, more: object | undefined) => ({ ...(isRecord(own) ? own : {}), ...more });
  return {
    ...fields,
    labels: both(fields.labels, labels),
    annotations: both(fields.annotations, annotations),
  };
}

/** Waits until every pod is as its case wants it: ready, or running and not ready. Rejects with what is the matter. */
export async function podsStand(connection: Connection, pods: readonly CasePod[], millis: number): Promise<void> {
  const deadline = performance.now() + millis;
  const namespaces = new Set(pods.map(({ id }) => namespaceOf(id)));
  for (;;) {
    const found = new Map<string, Fields>();
    for (const namespace of namespaces)
      for (const pod of await podsIn(connection, namespace)) found.set(`${namespace}/${nameOf(pod)}`, pod);
    const missing = pods.filter(({ id, ready }) => !stands(found.get(id), ready));
    if (missing.length === 0) return;
    if (performance.now() > deadline) {
      const [first] = missing;
      const state = JSON.stringify(found.get(first?.id ?? '')?.status ?? 'is not there').slice(0, shownLength);
      throw new Error(`${missing.length} of ${pods.length} pods are not ready; ${first?.id}: ${state}`);
    }
    await pause(askAgainMillis);
  }
}

/** Waits until namespaces have no pod, for so long. */
export async function podsGone(connection: Connection, namespaces: readonly string[], millis: number): Promise<void> {
  const deadline = performance.now() + millis;
  for (const namespace of namespaces) {
    while (performance.now() < deadline && (await podsIn(connection, namespace)).length > 0)
      await pause(askAgainMillis);
  }
}

function namespaceOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

function nameOf({ metadata }: Fields): string {
  return isRecord(metadata) ? String(metadata.name) : '';
}

async function podsIn(connection: Connection, namespace: string): Promise<readonly Fields[]> {
  const listed = await connection.get(`/api/v1/namespaces/${namespace}/pods`);
  if (!listed.ok) throw new Error(listed.error.diagnostic.message);
  return isRecord(listed.value) && Array.isArray(listed.value.items) ? listed.value.items.filter(isRecord) : [];
}

function stands(pod: Fields | undefined, ready: boolean): boolean {
  const status = isRecord(pod?.status) ? pod.status : {};
  const conditions = Array.isArray(status.conditions) ? status.conditions.filter(isRecord) : [];
  const isReady = conditions.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  if (ready) return isReady;
  const containers = Array.isArray(status.containerStatuses) ? status.containerStatuses.filter(isRecord) : [];
  return !isReady && containers.length > 0 && containers.every(({ state }) => isRecord(state) && 'running' in state);
}
