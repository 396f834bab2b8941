import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readChart } from '../../../src/chart/chart.ts';
import { controlPlaneIdentity } from '../../../src/control/plane.ts';
import { requestSvid } from '../../../src/identity/client.ts';
import { at } from '../../../src/install/kinds.ts';
import { injectLabel, systemNames, systemNamespace, trustBundle } from '../../../src/kubernetes/names.ts';
import { connect } from '../../../src/kubernetes-client/connect.ts';
import { createEventRecorder } from '../../../src/kubernetes-client/event-recorder.ts';
import type { Fields } from '../../../src/lib/values.ts';
import { until } from '../../e2e/support/mesh.ts';
import { writeAccountKubeconfig } from '../support/account-kubeconfig.ts';
import { accountToken, createAccount, created, createPod } from '../support/accounts.ts';
import { adminOf } from '../support/client.ts';
import { ControllerProcess } from '../support/controller.ts';
import { crdsPath, objectsPath, shippedCrds } from '../support/crds.ts';
import { runKubectl } from '../support/kubectl.ts';
import { schemaExamples } from '../support/manifests.ts';
import {
  describeRight,
  type NotedRequest,
  needs,
  type Right,
  type Rule,
  readAudit,
  rightsOf,
  rulesOf,
} from '../support/rights.ts';
import { startTestCluster } from '../support/test-cluster.ts';
import { type RunningWebhooks, startWebhooks } from '../support/webhooks.ts';

const cluster = await startTestCluster({ audited: true, aggregated: true });
const client = adminOf(cluster);
const user = `system:serviceaccount:${systemNamespace}:${systemNames.controller}`;
const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-rights-'));
const kubeconfig = join(folder, 'kubeconfig');
let webhooks: RunningWebhooks | undefined;
const running: ControllerProcess[] = [];

const rendered = readChart().render(
  { name: 'smi-mesh', namespace: systemNamespace, service: 'test' },
  { createNamespace: true, config: { trafficMetrics: { api: true } } },
);
if (!rendered.ok) throw new Error(rendered.error.join('\n'));
const objects = rendered.value.map(({ object }) => object);
const rolePaths = {
  ClusterRole: `/apis/rbac.authorization.k8s.io/v1/clusterroles/${systemNames.controller}`,
  Role: `/apis/rbac.authorization.k8s.io/v1/namespaces/${systemNamespace}/roles/${systemNames.controller}`,
} as const;
const roleKinds = Object.keys(rolePaths) as (keyof typeof rolePaths)[];

function rulesIn(kind: string): readonly Rule[] {
  const role = objects.find(
    (object) => object.kind === kind && at(object, 'metadata', 'name') === systemNames.controller,
  );
  return at(role, 'rules') as readonly Rule[];
}

const rights = roleKinds.flatMap((kind) => rightsOf(kind, rulesIn(kind)));

beforeAll(async () => {
  // What the chart brings, but no pods; the webhooks are asked at an address of this machine, and the API of metrics has none.
  const items = objects.filter(({ kind }) => !/^(Deployment|APIService|.*WebhookConfiguration)$/.test(String(kind)));
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const applied = await runKubectl(cluster.kubeconfig, ['apply', '--server-side', '--filename=-'], list);
  if (applied.status !== 0) throw new Error(applied.stderr);
  await writeAccountKubeconfig(cluster, { namespace: systemNamespace, account: systemNames.controller }, kubeconfig);
  const config = objects.find(({ kind }) => kind === 'ConfigMap');
  writeFileSync(join(folder, 'config.yaml'), String(at(config, 'data', 'config.yaml')));
});

afterAll(async () => {
  await Promise.all(running.map((controller) => controller.stop('SIGKILL')));
  await webhooks?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const patience = 60_000;
const hour = 3_600_000;

function start(): ControllerProcess {
  const args = ['--config', join(folder, 'config.yaml'), '--namespace', systemNamespace];
  const controller = new ControllerProcess({ kubeconfig }, args);
  running.push(controller);
  return controller;
}

const noted = () => readAudit(cluster.auditLog, user);
const secrets = `/api/v1/namespaces/${systemNamespace}/secrets`;

/** Waits until the controller has made a request that is fulfilled. */
function requested(verb: string, resource: string, name?: string): Promise<void> {
  const find = () =>
    noted().some(
      (one) => one.verb === verb && one.resource === resource && (name ?? one.name) === one.name && one.code < 300,
    );
  return until(find, patience, () => `${verb} ${resource} ${name ?? ''} among ${JSON.stringify(noted().slice(-20))}`);
}

/** Install, sync, serve, prove, rotate: everything for which the controller asks the apiserver. */
describe('the rights of the chart are enough', () => {
  test('for the definitions, the certificate of the webhooks and its renewal', async () => {
    webhooks = await startWebhooks(
      { ...cluster, kubeconfig },
      {
        // Nobody injects here.
        values: { config: { webhooks: { injectionFailurePolicy: 'Ignore' } } },
        task: {
          times: { steady: 200, unsettled: 100, rotation: { lifetime: hour, renewBefore: hour - 2_000, overlap: 500 } },
        },
      },
    );
    await requested('patch', 'validatingwebhookconfigurations');
    // As if an older release had stored older versions.
    const converted = shippedCrds().filter(({ spec }) => spec.versions.length > 1);
    for (const crd of converted) {
      const example = schemaExamples().find(
        ({ kind, apiVersion }) => kind === crd.spec.names.kind && apiVersion.endsWith('v1alpha4'),
      );
      const object = { ...example, metadata: { name: 'example' } };
      // While a definition changes, and the bundle in it does, the apiserver may say that it cannot serve its objects.
      let last: unknown;
      await until(
        async () => {
          const { status, body } = await client.post(objectsPath(crd, 'v1alpha4', 'default'), object);
          last = body.message;
          return status === 201 || status === 409;
        },
        patience,
        () => `an object of ${crd.metadata.name}: ${last}`,
      );
      const status = { status: { storedVersions: ['v1alpha2', 'v1alpha4'] } };
      await client.patch(`${crdsPath}/${crd.metadata.name}/status`, status);
    }
    for (const { metadata } of converted) await requested('patch', 'customresourcedefinitions', metadata.name);
    for (const { metadata } of converted) await requested('patch', 'customresourcedefinitions/status', metadata.name);
    await requested('update', 'secrets', systemNames.webhookCertificate);
    await webhooks.resign();
  });

  test('for reading the cluster, leading, certificates of pods, and a new authority', async () => {
    await created(client, '/api/v1/namespaces', { metadata: { name: 'shop', labels: { [injectLabel]: 'enabled' } } });
    await createAccount(client, 'shop', 'buyer');
    const uid = await createPod(client, 'shop', 'buyer', 'buyer');
    const controller = start();
    await until(
      async () => (await controller.get('health', '/readyz')).status === 200,
      patience,
      () => controller.tail(),
    );
    await requested('patch', 'configmaps', trustBundle.configMap);
    // The examples name what is not there: the status of each kind says so, and an Event.
    for (const crd of shippedCrds()) {
      const { group, names, versions } = crd.spec;
      const version = versions.find(({ storage }) => storage)?.name ?? '';
      const example = schemaExamples().find(
        (one) => one.kind === names.kind && one.apiVersion === `${group}/${version}`,
      );
      // That of the schema is of another namespace, which the webhook refuses.
      const own = names.kind === 'IdentityBinding' ? { spec: { schemes: { serviceAccount: 'told' } } } : {};
      const metadata = { name: names.kind === 'MeshConfig' ? 'default' : 'told' };
      const object = { ...example, ...own, metadata };
      const { status, body } = await client.post(objectsPath(crd, version, 'default'), object);
      if (status !== 201 && status !== 409) throw new Error(`${names.kind}: ${body.message}`);
    }
    for (const { spec } of shippedCrds()) await requested('patch', `${spec.names.plural}/status`);
    await requested('create', 'events');
    for (const version of ['v1alpha1', 'v1alpha2']) {
      await requested('patch', 'apiservices', `${version}.metrics.smi-spec.io`);
    }
    await askForMetrics(controller);
    await askForCertificate(
      controller,
      await accountToken(client, { namespace: 'shop', account: 'buyer', pod: { name: 'buyer', uid } }),
    );
    await client.patch(`${secrets}/${systemNames.authority}`, {
      metadata: { annotations: { 'smi-mesh.io/rotate': 'now' } },
    });
    await requested('update', 'secrets', systemNames.authority);
    await client.delete('/api/v1/namespaces/shop/pods/buyer?gracePeriodSeconds=0');
    await client.patch('/api/v1/namespaces/shop', { metadata: { labels: { [injectLabel]: 'disabled' } } });
    await requested('delete', 'configmaps', trustBundle.configMap);
    await controller.stop();
  });

  test('for an Event that is repeated, which the controller brings up to date after a minute', async () => {
    const connected = await connect({ kubeconfig });
    if (!connected.ok) throw new Error(connected.error.diagnostic.message);
    const recorder = createEventRecorder(connected.value, {
      ...{ controller: 'smi-mesh.io/controller', instance: 'test', seriesInterval: 1 },
    });
    const regarding = { apiVersion: 'v1', kind: 'Service', namespace: 'default', name: 'kubernetes' };
    await until(
      () => {
        recorder.record({ regarding, type: 'Normal', reason: 'Repeated', action: 'Test', note: 'said again' });
        return noted().some(({ verb, resource, code }) => verb === 'patch' && resource === 'events' && code < 300);
      },
      patience,
      () => 'patch events',
    );
    recorder.stop();
  });

  test('no request was refused', () => {
    expect(noted().filter(({ code }) => code === 403)).toEqual([]);
    expect(noted().length).toBeGreaterThan(100);
  });
});

describe('each right of the chart is needed', () => {
  test('by a request that the controller made', () => {
    const unused = rights.filter((right) => !noted().some((request) => needs(request, right, systemNamespace)));
    expect(unused.map(describeRight)).toEqual([]);
  });

  test('and without it the apiserver refuses that', async () => {
    const allowed: string[] = [];
    for (const right of rights) {
      const request = noted().find((one) => needs(one, right, systemNamespace));
      if (request === undefined) continue;
      const own = rights.filter((one) => one.role === right.role && one !== right);
      await client.patch(rolePaths[right.role], { rules: rulesOf(own) });
      const attributes = attributesOf(request, right);
      if (!(await isRefused(attributes))) allowed.push(describeRight(right));
      const all = rights.filter((one) => one.role === right.role);
      if (right === all.at(-1)) await client.patch(rolePaths[right.role], { rules: rulesOf(all) });
    }
    expect(allowed).toEqual([]);
  });
});

function attributesOf(request: NotedRequest, right: Right): Fields {
  const [resource, subresource] = request.resource.split('/');
  return {
    group: request.group,
    resource,
    verb: right.verb,
    ...(subresource === undefined ? {} : { subresource }),
    ...(request.namespace === undefined ? {} : { namespace: request.namespace }),
    ...(right.name === undefined ? {} : { name: right.name }),
  };
}

/** Asks the apiserver until its view of the roles has caught up. */
async function isRefused(resourceAttributes: Fields): Promise<boolean> {
  for (let attempt = 0; attempt < 250; attempt += 1) {
    const review = await client.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: { user, resourceAttributes },
    });
    if (at(review.body, 'status', 'allowed') === false) return true;
    await delay(20);
  }
  return false;
}

const ownerResources = [
  'replicationcontrollers',
  'daemonsets',
  'deployments',
  'replicasets',
  'statefulsets',
  'jobs',
] as const;

/** Asks for traffic as the aggregator of the apiserver does, in the name of a user who may. */
async function askForMetrics(controller: ControllerProcess): Promise<void> {
  const { port } = await controller.said({ message: 'the metrics API is served' });
  const keys = dirname(cluster.auditLog);
  const headers = { 'x-remote-user': 'admin', 'x-remote-group': 'system:masters' };
  const ask = (path: string) =>
    new Promise<number | undefined>((resolve, reject) => {
      const options = {
        ...{ host: '127.0.0.1', port: Number(port), path, headers, agent: false, rejectUnauthorized: false },
        cert: readFileSync(join(keys, 'front-proxy.crt')),
        key: readFileSync(join(keys, 'front-proxy.key')),
      };
      const answered = (answer: IncomingMessage) => resolve(answer.resume().statusCode);
      request(options, answered).once('error', reject).end();
    });
  for (const resource of ownerResources) {
    let last: unknown;
    await until(
      async () => {
        last = await ask(`/apis/metrics.smi-spec.io/v1alpha1/${resource}`).catch((error: unknown) => error);
        return last === 200;
      },
      patience,
      () => `${resource}: ${last}; ${controller.tail()}`,
    );
    await requested('list', resource);
  }
  await requested('create', 'subjectaccessreviews');
}

async function askForCertificate(controller: ControllerProcess, token: string): Promise<void> {
  const { port } = await controller.said({ message: 'certificates are given' });
  const tokenFile = join(folder, 'token');
  const trustBundleFile = join(folder, 'trust-bundle.pem');
  writeFileSync(tokenFile, token);
  const bundle = await client.get(`/api/v1/namespaces/shop/configmaps/${trustBundle.configMap}`);
  writeFileSync(trustBundleFile, String(at(bundle.body, 'data', trustBundle.key)));
  const answer = await requestSvid({
    address: '127.0.0.1',
    port: Number(port),
    serverName: `${systemNames.controller}.${systemNamespace}.svc`,
    serverIdentity: controlPlaneIdentity('cluster.local'),
    tokenFile,
    trustBundleFile,
    pod: 'buyer',
  });
  expect(answer.ok).toBe(true);
}
