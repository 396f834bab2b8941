import { readChart } from '../../../src/chart/chart.ts';
import { defaultCompileOptions } from '../../../src/compile/index.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { systemNames, systemNamespace } from '../../../src/kubernetes/names.ts';
import { connect, type StreamingConnection } from '../../../src/kubernetes-client/connect.ts';
import type { Fields } from '../../../src/lib/values.ts';
import type { AdmissionHandler } from '../../../src/webhooks/admission.ts';
import { followServingCertificate } from '../../../src/webhooks/certificates/follow.ts';
import { type WebhookTaskOptions, webhookTask } from '../../../src/webhooks/cluster/webhook-task.ts';
import { webhookEndpoints } from '../../../src/webhooks/endpoints.ts';
import { startWebhookServer, type WebhookServer } from '../../../src/webhooks/server.ts';
import type { ClusterView } from '../../../src/webhooks/validate/neighbours.ts';
import { createValidator } from '../../../src/webhooks/validate/validator.ts';
import type { ClusterAccess } from './access.ts';
import { adminOf } from './client.ts';

/** One replica of the webhooks as the controller runs them, and the leader's task, on the loopback interface. */
export interface RunningWebhooks {
  readonly server: WebhookServer;
  /** What the task found wrong last. */
  findings(): readonly Diagnostic[];
  /** What it ever found wrong. */
  reported(): readonly Diagnostic[];
  /** Ends the leader's task; the server goes on. */
  resign(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartOptions {
  readonly view?: () => ClusterView | undefined;
  readonly mutate?: AdmissionHandler;
  readonly task?: Partial<WebhookTaskOptions>;
  readonly values?: Fields;
  /** 0: any. */
  readonly port?: number;
}

async function connectionTo({ kubeconfig }: ClusterAccess): Promise<StreamingConnection> {
  const made = await connect({ kubeconfig });
  if (!made.ok) throw new Error(made.error.diagnostic.message);
  return made.value;
}

/** The webhook configurations of the chart, pointed at a port of the loopback interface in place of the Service. */
function configurations(port: number, values: Fields): readonly Fields[] {
  const rendered = readChart().render({ name: 'smi-mesh', namespace: systemNamespace, service: 'test' }, values);
  if (!rendered.ok) throw new Error(rendered.error.join('\n'));
  return rendered.value
    .map(({ object }) => object)
    .filter(({ kind }) => String(kind).endsWith('WebhookConfiguration'))
    .map((object) => ({
      ...object,
      webhooks: (object.webhooks as { clientConfig: { service: { path: string } } }[]).map((webhook) => ({
        ...webhook,
        clientConfig: { url: `https://127.0.0.1:${port}${webhook.clientConfig.service.path}` },
      })),
    }));
}

/** What an installation does, and then the controller: resolves when the definitions are there and the bundle is announced. */
export async function startWebhooks(cluster: ClusterAccess, options: StartOptions = {}): Promise<RunningWebhooks> {
  const client = adminOf(cluster);
  const connection = await connectionTo(cluster);
  const { view, mutate, values = {}, port = 0 } = options;
  const validate = createValidator({ compile: defaultCompileOptions, ...(view === undefined ? {} : { view }) });
  const server = await startWebhookServer({
    port,
    host: '127.0.0.1',
    endpoints: webhookEndpoints({ validate, ...(mutate === undefined ? {} : { mutate }) }),
  });
  await client.post('/api/v1/namespaces', { metadata: { name: systemNamespace } });
  for (const object of configurations(server.port, values)) {
    const path = `/apis/admissionregistration.k8s.io/v1/${String(object.kind).toLowerCase()}s`;
    await client.delete(`${path}/${systemNames.webhookConfiguration}`);
    const { status, body } = await client.post(path, object);
    if (status !== 201) throw new Error(`${object.kind} is refused: ${body.message}`);
  }
  const secret = { namespace: systemNamespace, name: systemNames.webhookCertificate };
  const following = followServingCertificate(connection, secret, {
    use: server.useCertificate,
    onUnusable: (reason) => console.log(reason),
    onFault: ({ diagnostic }) => console.log(diagnostic.message),
  });
  let findings: readonly Diagnostic[] | undefined;
  const reported: Diagnostic[] = [];
  const aborted = new AbortController();
  const task = webhookTask({
    address: { url: `https://127.0.0.1:${server.port}` },
    clusterDomain: 'cluster.local',
    secret,
    certificates: 'self',
    configuration: systemNames.webhookConfiguration,
    manageDefinitions: true,
    release: '0.1.0',
    report: (found) => {
      findings = found;
      reported.push(...found);
    },
    ...options.task,
  });
  const running = task.run(connection, aborted.signal);
  const resign = async (): Promise<void> => {
    aborted.abort();
    await running;
  };
  const stop = async (): Promise<void> => {
    await resign();
    following.stop();
    await server.close();
  };
  return { server, findings: () => findings ?? [], reported: () => reported, resign, stop };
}
