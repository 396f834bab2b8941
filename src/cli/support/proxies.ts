import { metadataOf } from '../../install/kinds.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { isRecord } from '../../lib/values.ts';
import { askPod, controllerPods } from '../control-plane/replicas.ts';
import type { BundleFile } from './archive.ts';
import { redactObject } from './redact.ts';

const timeoutMillis = 10_000;
const pages = ['proxies', 'rollouts'];

/**
 * What each replica of the control plane says of the proxies that it serves: which versions they have taken, what they refuse and
 * why, and when changes arrived. What resources say is not asked for.
 */
export async function proxyFiles(
  connection: StreamingConnection,
  namespace: string,
  missing: string[],
): Promise<readonly BundleFile[]> {
  const listed = await controllerPods(connection, namespace);
  if (!listed.ok) {
    missing.push(`proxies: ${listed.error.diagnostic.message}`);
    return [];
  }
  const pods = listed.value.map((pod) => metadataOf(pod).name);
  const files = await Promise.all(
    pods.flatMap((pod) => pages.map((page) => fileOf(connection, { namespace, pod }, page, missing))),
  );
  return files.flat();
}

async function fileOf(
  connection: StreamingConnection,
  where: { readonly namespace: string; readonly pod: string },
  page: string,
  missing: string[],
): Promise<readonly BundleFile[]> {
  const path = `${page}/${where.pod}.json`;
  try {
    const { status, body } = await askPod(connection, where, `/${page}`, timeoutMillis);
    const answer: unknown = status === 200 ? JSON.parse(body) : undefined;
    if (isRecord(answer)) return [{ path, text: `${JSON.stringify(redactObject(answer), null, 2)}\n` }];
    missing.push(`${path}: status ${status}`);
  } catch (error) {
    missing.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  return [];
}
