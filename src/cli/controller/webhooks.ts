import type { CompileOptions } from '../../compile/index.ts';
import type { ControllerConfig } from '../../config/controller/types.ts';
import type { LeaderTask } from '../../control/cluster/leader-task.ts';
import type { Log } from '../../control/cluster/log.ts';
import { injectionSettings } from '../../injection/settings.ts';
import { systemNames } from '../../kubernetes/names.ts';
import { decodeKubernetesVersion } from '../../kubernetes/server-version.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { renderText } from '../../telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../telemetry/registry.ts';
import type { AdmissionHandler } from '../../webhooks/admission.ts';
import { followServingCertificate } from '../../webhooks/certificates/follow.ts';
import type { WebhookAddress } from '../../webhooks/cluster/address.ts';
import { webhookTask } from '../../webhooks/cluster/webhook-task.ts';
import { webhookEndpoints } from '../../webhooks/endpoints.ts';
import { createInjector } from '../../webhooks/inject.ts';
import { webhookMetrics } from '../../webhooks/metrics.ts';
import { startWebhookServer } from '../../webhooks/server.ts';
import type { ClusterView } from '../../webhooks/validate/neighbours.ts';
import { createValidator } from '../../webhooks/validate/validator.ts';

export interface WebhooksContext {
  readonly connection: StreamingConnection;
  readonly namespace: string;
  readonly address: string;
  readonly port: number;
  /** Outside a cluster: where the apiserver finds this process. */
  readonly host?: string;
  readonly compileOptions: CompileOptions;
  /** Nothing before everything has been listed. */
  readonly view: () => ClusterView | undefined;
  readonly log: Log;
}

export interface RunningWebhooks {
  readonly port: number;
  /** There is a certificate to serve with. */
  readonly ready: boolean;
  /** Prometheus text. */
  metrics(): string;
  /** What the leader does for them. */
  readonly task: LeaderTask;
  close(): Promise<void>;
}

/** Conversion, validation and injection, served with the certificate in the Secret as soon as there is one. */
export async function startWebhooks(config: ControllerConfig, context: WebhooksContext): Promise<RunningWebhooks> {
  const { connection, namespace, compileOptions, view, log } = context;
  const registry = new MetricsRegistry();
  const metrics = webhookMetrics(registry, () => server.certificateExpiry);
  const server = await startWebhookServer({
    port: context.port,
    host: context.address,
    endpoints: webhookEndpoints({
      validate: createValidator({ compile: compileOptions, view }),
      mutate: injector(config, namespace, connection),
      onDefect: (reason) => {
        metrics.defect();
        log.error('an object could not be converted', { because: String(reason) });
      },
    }),
    observe: (call) => {
      metrics.observe(call);
      const { path, outcome, defect, seconds } = call;
      if (outcome !== 'answered') log.warn('a call of a webhook was not answered', { path, outcome, seconds });
      if (defect !== undefined) log.error('a webhook failed', { path, because: String(defect) });
    },
  });
  log.info('webhooks are served', { port: server.port });
  const secret = { namespace, name: systemNames.webhookCertificate };
  const followed = followServingCertificate(connection, secret, {
    use: (certificate) => server.useCertificate(certificate),
    onUnusable: (because) => log.error('the certificate of the webhooks cannot be used', { because }),
    onFault: ({ diagnostic }) => log.debug(diagnostic.message, { code: diagnostic.code }),
  });
  const address: WebhookAddress =
    context.host === undefined
      ? { service: { namespace, name: systemNames.webhook, port: 443 } }
      : { url: `https://${context.host}:${server.port}` };
  return {
    port: server.port,
    get ready() {
      return server.ready;
    },
    metrics: () => renderText(registry),
    task: webhookTask({
      address,
      clusterDomain: config.clusterDomain,
      secret,
      certificates: config.webhooks.certificates,
      configuration: systemNames.webhookConfiguration,
      manageDefinitions: config.crds.manage,
      release: packageVersion(),
      report: (findings) => {
        for (const { code, message, hint } of findings) log.warn(message, { code, hint });
      },
    }),
    close: async () => {
      followed.stop();
      await server.close();
    },
  };
}

/** Which kind of sidecar a cluster has depends on its version, which is asked for at the first pod. */
function injector(
  config: ControllerConfig,
  systemNamespace: string,
  connection: StreamingConnection,
): AdmissionHandler {
  const { trustDomain, clusterDomain } = config;
  const known = { settings: injectionSettings(config), mesh: { trustDomain, clusterDomain, systemNamespace } };
  let inject: AdmissionHandler | undefined;
  return async (request) => {
    if (inject !== undefined) return await inject(request);
    const answer = await connection.get('/version');
    const serverVersion = answer.ok ? decodeKubernetesVersion(answer.value) : undefined;
    const made = createInjector({ ...known, ...(serverVersion === undefined ? {} : { serverVersion }) });
    if (serverVersion !== undefined) inject = made;
    return await made(request);
  };
}
