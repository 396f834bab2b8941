import { setTimeout as delay } from 'node:timers/promises';
import { systemNames, trustBundle } from '../kubernetes/names.ts';
import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { migrateStorage } from '../kubernetes-client/migrate-storage.ts';
import { err, ok, type Result } from '../lib/result.ts';
import type { Fields } from '../lib/values.ts';
import { type Definition, definitionsPath, readDefinitions, storageVersion, storedVersions } from './definitions.ts';
import { type ApiKind, installedKinds, itemsOf, labelsOf, listPath, metadataOf, objectPath, titleOf } from './kinds.ts';
import { releaseDefinition } from './release-definition.ts';

export interface RemovalOptions {
  readonly namespace: string;
  /** Deletes the definitions, and with them every SMI object of the cluster. */
  readonly all: boolean;
  /**
   * `leftovers`: only what the one who removes the rest (Helm) would leave or would remove in the wrong order. Objects are
   * then named and not searched for, which needs fewer rights.
   */
  readonly scope: 'everything' | 'leftovers';
  readonly onRemoved: (title: string) => void;
  /** How long the controller may take to end, in milliseconds. */
  readonly patience?: number;
}

const selector = encodeURIComponent('app.kubernetes.io/part-of=smi-mesh');

/**
 * Takes an installation away, in an order in which nothing is ever asked of what is gone: first the webhooks of admission,
 * then the controller, then the definitions are freed of its conversion (or deleted), then the rest.
 */
export async function removeInstallation(
  connection: Connection,
  options: RemovalOptions,
): Promise<Result<void, ClusterFault>> {
  const { namespace, patience = 60_000 } = options;
  const definitions = await readDefinitions(connection);
  if (!definitions.ok) return definitions;
  const [admission, workloads, rest] = stages();
  const quiet = await removeKinds(connection, admission, options);
  if (!quiet.ok) return quiet;
  // What was stored in older versions is written anew while the conversion is there.
  for (const definition of options.all ? [] : definitions.value.filter(({ live }) => live && isOurs(live))) {
    const migrated = await storeAnew(connection, definition);
    if (!migrated.ok) return migrated;
  }
  const stopped = await removeKinds(connection, workloads, options);
  if (!stopped.ok) return stopped;
  await untilGone(connection, namespace, patience);
  const freed = await freeDefinitions(connection, definitions.value, options);
  if (!freed.ok) return freed;
  const bundles = await removeTrustBundles(connection, options);
  if (!bundles.ok) return bundles;
  return await removeKinds(connection, rest, options);
}

/** Does nothing where every object is stored in the newest version already. */
async function storeAnew(connection: Connection, definition: Definition): Promise<Result<void, ClusterFault>> {
  const { name, group, plural, live = {} } = definition;
  const newest = storageVersion(live);
  if (storedVersions(live).every((version) => version === newest)) return ok(undefined);
  return await migrateStorage(
    connection,
    { name, group, plural, storageVersion: newest },
    AbortSignal.timeout(storeTimeout),
  );
}

/** How long storing the objects of one definition anew may take, in milliseconds. */
const storeTimeout = 10 * 60_000;

type Kinds = typeof installedKinds;

function stages(): readonly [Kinds, Kinds, Kinds] {
  const isAdmission = (kind: string) => kind.endsWith('WebhookConfiguration');
  const isWorkload = (kind: string) => kind === 'Deployment' || kind === 'DaemonSet';
  return [
    installedKinds.filter(({ kind }) => isAdmission(kind)),
    installedKinds.filter(({ kind }) => isWorkload(kind)),
    installedKinds.filter(({ kind }) => !isAdmission(kind) && !isWorkload(kind)),
  ];
}

async function removeKinds(
  connection: Connection,
  kinds: Kinds,
  { namespace, scope, onRemoved }: RemovalOptions,
): Promise<Result<void, ClusterFault>> {
  for (const kind of kinds) {
    const labelled = scope === 'everything' ? await labelledNames(connection, kind, namespace) : ok([]);
    if (!labelled.ok) return labelled;
    for (const name of new Set([...labelled.value, ...(fixedNames[kind.kind] ?? [])])) {
      const metadata = { name, ...(kind.namespaced ? { namespace } : {}) };
      const removed = await remove(connection, { apiVersion: kind.apiVersion, kind: kind.kind, metadata }, onRemoved);
      if (!removed.ok) return removed;
    }
  }
  return ok(undefined);
}

/** Objects that say that they are ours. */
async function labelledNames(
  connection: Connection,
  kind: ApiKind,
  namespace: string,
): Promise<Result<readonly string[], ClusterFault>> {
  const list = await connection.get(`${listPath(kind, namespace)}?labelSelector=${selector}`);
  // A kind that this cluster does not have.
  if (!list.ok) return list.error.status === 404 ? ok([]) : list;
  const names = itemsOf(list.value).map((item) => metadataOf(item).name);
  return ok(kind.kind === 'Namespace' ? names.filter((name) => name === namespace) : names);
}

/** What the controller makes, and what has to go before it can be taken from it for good. */
const fixedNames: Readonly<Record<string, readonly string[]>> = {
  MutatingWebhookConfiguration: [systemNames.webhookConfiguration],
  ValidatingWebhookConfiguration: [systemNames.webhookConfiguration],
  Deployment: [systemNames.controller],
  Secret: [systemNames.authority, systemNames.webhookCertificate],
  Lease: [systemNames.controller],
};

async function remove(
  connection: Connection,
  object: Fields,
  onRemoved: (title: string) => void,
): Promise<Result<void, ClusterFault>> {
  const answer = await connection.send('DELETE', `${objectPath(object)}?propagationPolicy=Background`);
  if (answer.ok) onRemoved(titleOf(object));
  else if (answer.error.status !== 404) return err(answer.error);
  return ok(undefined);
}

/** A leader that still runs would put back what is taken from it. */
async function untilGone(connection: Connection, namespace: string, patience: number): Promise<void> {
  const pods = `${listPath({ apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }, namespace)}`;
  const query = `labelSelector=${encodeURIComponent('app.kubernetes.io/component=controller')}`;
  const deadline = performance.now() + patience;
  while (performance.now() < deadline) {
    const list = await connection.get(`${pods}?${query}`);
    if (list.ok && itemsOf(list.value).length === 0) return;
    await delay(500);
  }
}

async function freeDefinitions(
  connection: Connection,
  definitions: readonly Definition[],
  { all, onRemoved }: RemovalOptions,
): Promise<Result<void, ClusterFault>> {
  for (const definition of definitions) {
    if (definition.live === undefined || !isOurs(definition.live)) continue;
    if (all) {
      const removed = await connection.send('DELETE', `${definitionsPath}/${definition.name}`);
      if (!removed.ok && removed.error.status !== 404) return removed;
      onRemoved(`CustomResourceDefinition ${definition.name}`);
    } else {
      const released = await releaseDefinition(connection, definition);
      if (!released.ok) return released;
    }
  }
  return ok(undefined);
}

/** Definitions that another project brought stay as they are. */
function isOurs(definition: Fields): boolean {
  return labelsOf(definition)['app.kubernetes.io/part-of'] === 'smi-mesh';
}

async function removeTrustBundles(
  connection: Connection,
  { onRemoved }: RemovalOptions,
): Promise<Result<void, ClusterFault>> {
  const query = `fieldSelector=${encodeURIComponent(`metadata.name=${trustBundle.configMap}`)}`;
  const list = await connection.get(`/api/v1/configmaps?${query}`);
  if (!list.ok) return list;
  for (const item of itemsOf(list.value)) {
    const removed = await remove(connection, { ...item, apiVersion: 'v1', kind: 'ConfigMap' }, onRemoved);
    if (!removed.ok) return removed;
  }
  return ok(undefined);
}
