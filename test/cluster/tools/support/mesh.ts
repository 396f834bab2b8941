import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readChart } from '../../../../src/chart/chart.ts';
import { controlPlaneIdentity } from '../../../../src/control/plane.ts';
import type { Svid } from '../../../../src/identity/authority.ts';
import { requestSvid } from '../../../../src/identity/client.ts';
import { at } from '../../../../src/install/kinds.ts';
import { systemNames, systemNamespace, trustBundle } from '../../../../src/kubernetes/names.ts';
import type { Fields } from '../../../../src/lib/values.ts';
import { until } from '../../../e2e/support/mesh.ts';
import type { ClusterAccess } from '../../support/access.ts';
import { writeAccountKubeconfig } from '../../support/account-kubeconfig.ts';
import { accountToken } from '../../support/accounts.ts';
import { type ApiClient, adminOf } from '../../support/client.ts';
import { ControllerProcess } from '../../support/controller.ts';
import { runKubectl } from '../../support/kubectl.ts';
import { readAudit } from '../../support/rights.ts';

const patience = 120_000;

/** An installation whose controller is a process outside of the cluster, with the account and the settings of the chart. */
export interface InstalledMesh {
  readonly controller: ControllerProcess;
  /** Of the webhooks. */
  readonly webhookPort: number;
  /** What the chart brings of cert-manager's kinds. */
  readonly certificates: readonly Fields[];
}

/** Of the controller, as the apiserver notes it. */
export const controllerUser = `system:serviceaccount:${systemNamespace}:${systemNames.controller}`;
const apart = /^(cert-manager\.io|apps|admissionregistration\.k8s\.io)\//;

/** Resolves when the controller runs, which may be before there is an authority, or anything that is served. */
export async function installMesh(cluster: ClusterAccess, folder: string, values: Fields): Promise<InstalledMesh> {
  const release = { name: 'smi-mesh', namespace: systemNamespace, service: 'test' };
  const rendered = readChart().render(release, { createNamespace: true, ...values });
  if (!rendered.ok) throw new Error(rendered.error.join('\n'));
  const objects = rendered.value.map(({ object }) => object);
  const of = (group: string) => objects.filter(({ apiVersion }) => String(apiVersion).startsWith(`${group}/`));
  await apply(
    cluster,
    objects.filter(({ apiVersion }) => !apart.test(String(apiVersion))),
  );
  const kubeconfig = join(folder, 'controller.kubeconfig');
  await writeAccountKubeconfig(cluster, { namespace: systemNamespace, account: systemNames.controller }, kubeconfig);
  const settings = objects.find(({ kind }) => kind === 'ConfigMap');
  writeFileSync(join(folder, 'config.yaml'), String(at(settings, 'data', 'config.yaml')));
  const args = ['--config', join(folder, 'config.yaml'), '--namespace', systemNamespace];
  const controller = new ControllerProcess({ kubeconfig }, args);
  const webhookPort = Number((await controller.said({ message: 'webhooks are served' })).port);
  await apply(
    cluster,
    of('admissionregistration.k8s.io').map((object) => atPort(object, webhookPort)),
  );
  return { controller, webhookPort, certificates: of('cert-manager.io') };
}

/** Creates objects, or brings them up to date. */
export async function apply({ kubeconfig }: ClusterAccess, items: readonly Fields[]): Promise<void> {
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const { status, stderr } = await runKubectl(kubeconfig, ['apply', '--server-side', '--filename=-'], list);
  if (status !== 0) throw new Error(stderr);
}

/** Webhooks that are asked at a port of this machine in place of the Service. */
export function atPort(configuration: Fields, port: number, host = '127.0.0.1'): Fields {
  const webhooks = configuration.webhooks as readonly { readonly clientConfig: { readonly service: Fields } }[];
  return {
    ...configuration,
    webhooks: webhooks.map((webhook) => ({
      ...webhook,
      clientConfig: { url: `https://${host}:${port}${webhook.clientConfig.service.path}` },
    })),
  };
}

/** Waits until the controller serves everything, and the apiserver trusts its webhooks. */
export async function untilReady(client: ApiClient, { controller }: InstalledMesh): Promise<void> {
  const trusted = async () =>
    (await webhookConfigurations(client)).every(({ webhooks }) =>
      (webhooks as readonly unknown[]).every((webhook) => at(webhook, 'clientConfig', 'caBundle') !== undefined),
    );
  await until(
    async () => (await controller.get('health', '/readyz')).status === 200 && (await trusted()),
    patience,
    () => controller.tail(),
  );
}

/** Those of the chart, as they are in the cluster. */
export async function webhookConfigurations(client: ApiClient): Promise<readonly Fields[]> {
  const path = (kind: string) => `/apis/admissionregistration.k8s.io/v1/${kind}/${systemNames.webhookConfiguration}`;
  const kinds = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations'];
  return await Promise.all(kinds.map(async (kind) => (await client.get(path(kind))).body));
}

/** A certificate for a pod of the namespace `default`, which proves itself by a token as in its sidecar. */
export async function certificateOf(
  cluster: ClusterAccess,
  { controller }: InstalledMesh,
  pod: string,
  folder: string,
): Promise<Svid> {
  const client = adminOf(cluster);
  const path = '/api/v1/namespaces/default';
  const { metadata, spec } = (await client.get(`${path}/pods/${pod}`)).body;
  const account = String(at(spec, 'serviceAccountName'));
  const token = await accountToken(client, {
    namespace: 'default',
    account,
    pod: { name: pod, uid: String(metadata?.uid) },
  });
  const roots = async () => at((await client.get(`${path}/configmaps/${trustBundle.configMap}`)).body, 'data');
  await until(
    async () => (await roots()) !== undefined,
    patience,
    () => `the roots are in the namespace\n${controller.tail()}`,
  );
  const files = { tokenFile: join(folder, 'token'), trustBundleFile: join(folder, 'roots.pem') };
  writeFileSync(files.tokenFile, token);
  writeFileSync(files.trustBundleFile, String(at(await roots(), trustBundle.key)));
  const answer = await requestSvid({
    address: '127.0.0.1',
    port: Number((await controller.said({ message: 'certificates are given' })).port),
    serverName: `${systemNames.controller}.${systemNamespace}.svc`,
    serverIdentity: controlPlaneIdentity('cluster.local'),
    ...files,
    pod,
  });
  if (!answer.ok) throw new Error(answer.error.because);
  return answer.value;
}

/** Requests of a user that the apiserver answered with a conflict, of all that it wrote to splits. */
export function splitWrites(auditLog: string, user: string): { readonly written: number; readonly conflicts: number } {
  const writes = readAudit(auditLog, user).filter(
    ({ resource, verb }) => resource.startsWith('trafficsplits') && /^(create|update|patch)$/.test(verb),
  );
  return {
    written: writes.filter(({ code }) => code < 300).length,
    conflicts: writes.filter(({ code }) => code === 409).length,
  };
}
