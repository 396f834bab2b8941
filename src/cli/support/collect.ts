import { text } from 'node:stream/consumers';
import { runChecks } from '../../install/checks/run.ts';
import { runningPods } from '../../install/checks/sidecars.ts';
import { readDefinitions, storageVersion } from '../../install/definitions.ts';
import { type ApiKind, installedKinds, itemsOf, listPath, metadataOf } from '../../install/kinds.ts';
import { controllerPorts, sidecarContainers } from '../../kubernetes/names.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { packageVersion } from '../../lib/package-version.ts';
import type { Fields } from '../../lib/values.ts';
import { proxiesIn } from '../control-plane/in-cluster.ts';
import type { BundleFile } from './archive.ts';
import { proxyFiles } from './proxies.ts';
import { redactObject, redactText } from './redact.ts';

export interface CollectOptions {
  readonly namespace: string;
  /** Logs of so many sidecars are taken along, those that are not ready first. */
  readonly sidecars: number;
  readonly onProgress: (what: string) => void;
}

const kind = (apiVersion: string, name: string, plural: string, namespaced = true): ApiKind => {
  return { apiVersion, kind: name, plural, namespaced };
};

/** Of all namespaces: what decides about traffic. Secrets are never asked for. */
const clusterKinds: readonly ApiKind[] = [
  kind('v1', 'Namespace', 'namespaces', false),
  kind('v1', 'Pod', 'pods'),
  kind('v1', 'Service', 'services'),
  kind('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'),
];

const logLines = 2_000;
const textTimeout = 15_000;

/** Everything that helps to understand a mesh from afar, and nothing that is secret. What cannot be had is said. */
export async function collect(
  connection: StreamingConnection,
  options: CollectOptions,
): Promise<readonly BundleFile[]> {
  const { namespace, onProgress } = options;
  const missing: string[] = [];
  const files: BundleFile[] = [json('about.json', { smiCli: packageVersion(), node: process.version, namespace })];
  onProgress('checks');
  files.push(
    json(
      'checks.json',
      await runChecks(connection, { stage: 'after', namespace, proxies: proxiesIn(connection, namespace) }),
    ),
  );
  onProgress('proxies');
  files.push(...(await proxyFiles(connection, namespace, missing)));
  onProgress('objects');
  const own = installedKinds.filter((one) => one.kind !== 'Secret' && one.kind !== 'Namespace');
  for (const one of own) {
    const selector = encodeURIComponent('app.kubernetes.io/part-of=smi-mesh');
    files.push(
      ...(await objects(
        connection,
        one,
        `${listPath(one, namespace)}?labelSelector=${selector}`,
        'installation',
        missing,
      )),
    );
  }
  for (const one of clusterKinds) {
    files.push(...(await objects(connection, one, listPath(one), 'cluster', missing)));
  }
  files.push(...(await smiObjects(connection, missing)));
  const events = kind('events.k8s.io/v1', 'Event', 'events');
  files.push(...(await objects(connection, events, listPath(events, namespace), 'installation', missing)));
  onProgress('logs and metrics');
  files.push(...(await podFiles(connection, options, missing)));
  return [...files, { path: 'missing.txt', text: missing.map((line) => `${redactText(line)}\n`).join('') }];
}

async function objects(
  connection: StreamingConnection,
  { plural, kind: name }: ApiKind,
  path: string,
  folder: string,
  missing: string[],
): Promise<readonly BundleFile[]> {
  const list = await connection.get(path);
  if (!list.ok) {
    if (list.error.status !== 404) missing.push(`${name}: ${list.error.diagnostic.message}`);
    return [];
  }
  const items = itemsOf(list.value).map(redactObject);
  return items.length === 0 ? [] : [json(`${folder}/${plural}.json`, items)];
}

async function smiObjects(connection: StreamingConnection, missing: string[]): Promise<readonly BundleFile[]> {
  const definitions = await readDefinitions(connection);
  if (!definitions.ok) {
    missing.push(`definitions: ${definitions.error.diagnostic.message}`);
    return [];
  }
  const files: BundleFile[] = [];
  for (const { name, group, kind: kindName, plural, live } of definitions.value) {
    if (live === undefined) continue;
    // Without the schemas, which are known and long.
    const { spec, status, metadata } = live as { spec: Fields; status: Fields; metadata: Fields };
    files.push(
      json(`definitions/${name}.json`, redactObject({ metadata, spec: { ...spec, versions: undefined }, status })),
    );
    const one = { apiVersion: `${group}/${storageVersion(live)}`, kind: kindName, plural, namespaced: true };
    files.push(...(await objects(connection, one, listPath(one), 'smi', missing)));
  }
  return files;
}

async function podFiles(
  connection: StreamingConnection,
  { namespace, sidecars }: CollectOptions,
  missing: string[],
): Promise<readonly BundleFile[]> {
  const files: BundleFile[] = [];
  const selector = encodeURIComponent('app.kubernetes.io/component=controller');
  const controllers = await connection.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  for (const pod of controllers.ok ? itemsOf(controllers.value) : []) {
    const { name } = metadataOf(pod);
    const at = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const logs = { [`logs/${name}.log`]: '', [`logs/${name}.previous.log`]: '&previous=true' };
    for (const [path, query] of Object.entries(logs)) {
      files.push(
        ...(await plain(connection, path, `${at}/log?tailLines=${logLines}&timestamps=true${query}`, missing)),
      );
    }
    files.push(
      ...(await plain(connection, `metrics/${name}.txt`, `${at}:${controllerPorts.health}/proxy/metrics`, missing)),
    );
  }
  const pods = await connection.get('/api/v1/pods');
  if (!pods.ok) return files;
  const meshed = runningPods(pods.value, namespace).filter((pod) => pod.meshed);
  for (const { title, object } of meshed.slice(0, sidecars)) {
    const { name, namespace: where } = metadataOf(object);
    for (const container of [sidecarContainers.proxy, sidecarContainers.agent, sidecarContainers.envoy]) {
      if (!JSON.stringify(object.spec).includes(`"${container}"`)) continue;
      const path = `/api/v1/namespaces/${where}/pods/${name}/log?container=${container}&tailLines=${logLines}&timestamps=true`;
      files.push(...(await plain(connection, `sidecars/${title.replace('/', '.')}.${container}.log`, path, missing)));
    }
  }
  return files;
}

/** A file that is no JSON, such as a log. */
async function plain(
  connection: StreamingConnection,
  path: string,
  from: string,
  missing: string[],
): Promise<readonly BundleFile[]> {
  const opened = await connection.open(from, { accept: '*/*', signal: AbortSignal.timeout(textTimeout) });
  if (!opened.ok) {
    // Most containers have no earlier run.
    if (!from.includes('previous=true')) missing.push(`${path}: ${opened.error.diagnostic.message}`);
    return [];
  }
  try {
    return [{ path, text: redactText(await text(opened.value)) }];
  } catch (error) {
    missing.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function json(path: string, value: unknown): BundleFile {
  return { path, text: `${JSON.stringify(value, null, 2)}\n` };
}
