import { at, itemsOf } from '../../../../src/install/kinds.ts';
import type { Fields } from '../../../../src/lib/values.ts';
import { until } from '../../../e2e/support/mesh.ts';
import { freePorts } from '../../../support/free-ports.ts';
import { created } from '../../support/accounts.ts';
import { type ApiClient, adminOf } from '../../support/client.ts';
import type { Cluster } from '../../support/cluster.ts';
import type { Program } from '../../support/process.ts';
import { apply, atPort } from './mesh.ts';
import { applyOf, startTool } from './tool.ts';

const namespace = 'cert-manager';
const group = 'cert-manager.io';
const patience = 120_000;

/** The controllers of cert-manager and its webhook, which judges requests as in a cluster. */
export async function startCertManager(cluster: Cluster, folder: string): Promise<Program> {
  const client = adminOf(cluster);
  await applyOf(cluster, 'cert-manager', 'crds');
  await created(client, '/api/v1/namespaces', { metadata: { name: namespace } });
  const [port = 0] = await freePorts(1);
  const program = startTool('cert-manager', [cluster.kubeconfig, String(port)], folder);
  const secret = async () =>
    at((await client.get(`/api/v1/namespaces/${namespace}/secrets/cert-manager-webhook-ca`)).body, 'data', 'ca.crt');
  await until(
    async () => (await secret()) !== undefined || program.exited,
    patience,
    () => program.output().slice(-4_000),
  );
  const caBundle = await secret();
  for (const [kind, path, resources, operations] of [
    ['ValidatingWebhookConfiguration', '/validate', '*/*', ['CREATE', 'UPDATE']],
    ['MutatingWebhookConfiguration', '/mutate', 'certificaterequests', ['CREATE']],
  ] as const) {
    const configuration = atPort(
      {
        apiVersion: 'admissionregistration.k8s.io/v1',
        kind,
        metadata: { name: 'cert-manager-webhook' },
        webhooks: [
          {
            ...{ name: 'webhook.cert-manager.io', admissionReviewVersions: ['v1'], sideEffects: 'None' },
            rules: [{ apiGroups: [group], apiVersions: ['v1'], operations, resources: [resources] }],
            clientConfig: { service: { path } },
          },
        ],
      },
      port,
      'localhost',
    );
    const [webhook] = configuration.webhooks as readonly { readonly clientConfig: Fields }[];
    await apply(cluster, [
      { ...configuration, webhooks: [{ ...webhook, clientConfig: { ...webhook?.clientConfig, caBundle } }] },
    ]);
  }
  const trial = {
    apiVersion: `${group}/v1`,
    kind: 'ClusterIssuer',
    metadata: { name: 'itself' },
    spec: { selfSigned: {} },
  };
  await until(
    async () => (await client.post(`/apis/${group}/v1/clusterissuers`, trial)).status === 201,
    patience,
    () => program.output().slice(-4_000),
  );
  return program;
}

const collection = (kind: string, within: string) => `/apis/${group}/v1/namespaces/${within}/${kind}s`;

/** A root that cert-manager makes and keeps in a Secret of the same name. */
export async function makeRoot(client: ApiClient, within: string, name: string, duration = '43800h'): Promise<void> {
  await created(client, collection('certificate', within), {
    apiVersion: `${group}/v1`,
    kind: 'Certificate',
    metadata: { name },
    spec: {
      ...{ isCA: true, commonName: name, secretName: name, duration },
      privateKey: { algorithm: 'ECDSA', size: 256 },
      issuerRef: { kind: 'ClusterIssuer', name: 'itself' },
    },
  });
}

export function issuer(name: string, secretName: string): Fields {
  return { apiVersion: `${group}/v1`, kind: 'Issuer', metadata: { name }, spec: { ca: { secretName } } };
}

export async function makeIssuer(client: ApiClient, within: string, name: string, secretName: string): Promise<void> {
  await created(client, collection('issuer', within), issuer(name, secretName));
}

export const issuerPath = (within: string, name: string) => `${collection('issuer', within)}/${name}`;
export const certificatePath = (within: string, name: string) => `${collection('certificate', within)}/${name}`;

/** As `TYPE: STATUS REASON`, those of each request. */
export async function requests(client: ApiClient, within: string): Promise<readonly (readonly string[])[]> {
  const items = itemsOf((await client.get(collection('certificaterequest', within))).body);
  return items.map((item) => {
    const conditions = at(item, 'status', 'conditions');
    if (!Array.isArray(conditions)) return [];
    return conditions.map((each) => `${at(each, 'type')}: ${at(each, 'status')} ${at(each, 'reason')}`);
  });
}

/** `cmctl renew`, unless it is being renewed. */
export async function renew(client: ApiClient, within: string, name: string): Promise<void> {
  const path = certificatePath(within, name);
  const known = at((await client.get(path)).body, 'status', 'conditions');
  const others = (Array.isArray(known) ? known : []).filter((each) => at(each, 'type') !== 'Issuing');
  const issuing = { type: 'Issuing', status: 'True', reason: 'ManuallyTriggered', message: 'asked for' };
  await client.patch(`${path}/status`, { status: { conditions: [...others, issuing] } });
}
