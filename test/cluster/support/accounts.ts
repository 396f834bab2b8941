import { createPrivateKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ClusterAccess } from './access.ts';
import type { ApiClient, ApiObject } from './client.ts';

/** Creates an object or throws; the object as the apiserver keeps it. */
export async function created(client: ApiClient, path: string, object: unknown): Promise<ApiObject> {
  const { status, body } = await client.post(path, object);
  if (status !== 201) throw new Error(`POST ${path} is answered with ${status}: ${body.message}`);
  return body;
}

export async function createAccount(client: ApiClient, namespace: string, name: string): Promise<void> {
  await created(client, `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name } });
}

/** A pod that no node runs; its uid. */
export async function createPod(
  client: ApiClient,
  namespace: string,
  name: string,
  account: string,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const { metadata: made } = await created(client, `/api/v1/namespaces/${namespace}/pods`, {
    metadata: { name, ...metadata },
    spec: { serviceAccountName: account, containers: [{ name: 'program', image: 'lab.test/program:1' }] },
  });
  return String(made?.uid);
}

export interface TokenWish {
  readonly namespace: string;
  readonly account: string;
  readonly audience?: string;
  readonly pod?: { readonly name: string; readonly uid: string } | undefined;
  /** 600 unless told otherwise. */
  readonly seconds?: number;
}

/** A token as a kubelet asks for it. */
export async function accountToken(
  client: ApiClient,
  { namespace, account, audience, pod, seconds = 600 }: TokenWish,
): Promise<string> {
  const bound = pod === undefined ? {} : { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod } };
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const { status } = await created(client, path, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [audience ?? 'smi-mesh'], expirationSeconds: seconds, ...bound },
  });
  return String((status as Readonly<Record<string, unknown>>).token);
}

/** The same token, signed anew by the apiserver's key with claims that it would not give. */
export function resigned(cluster: ClusterAccess, token: string, claims: Readonly<Record<string, unknown>>): string {
  const [head = '', payload = ''] = token.split('.');
  const old = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Readonly<Record<string, unknown>>;
  const changed = `${head}.${Buffer.from(JSON.stringify({ ...old, ...claims })).toString('base64url')}`;
  const key = createPrivateKey(readFileSync(join(dirname(cluster.kubeconfig), 'accounts.key'), 'utf8'));
  const signature = sign('sha256', Buffer.from(changed), { key, dsaEncoding: 'ieee-p1363' });
  return `${changed}.${signature.toString('base64url')}`;
}
