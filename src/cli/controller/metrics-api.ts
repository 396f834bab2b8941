import type { ControllerParts } from '../../control/cluster/controller.ts';
import type { Log } from '../../control/cluster/log.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { controllerPorts, systemNames } from '../../kubernetes/names.ts';
import type { StreamingConnection } from '../../kubernetes-client/connect.ts';
import { err, ok } from '../../lib/result.ts';
import { AccessReviewer } from '../../metrics/api/access-review.ts';
import type { ApiOptions } from '../../metrics/api/answer.ts';
import { followTrust } from '../../metrics/api/follow-trust.ts';
import { registrationTask } from '../../metrics/api/registration.ts';
import { startApiServer } from '../../metrics/api/server.ts';
import { caBundleOf } from '../../webhooks/certificates/credential.ts';
import { followServingCertificate } from '../../webhooks/certificates/follow.ts';
import { readSecret } from '../../webhooks/certificates/secret.ts';

export interface MetricsApiContext {
  readonly connection: StreamingConnection;
  readonly namespace: string;
  readonly address: string;
  readonly port: number;
  readonly api: () => ApiOptions | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Adds the API `metrics.smi-spec.io` to the parts of a controller. It is a port of the webhooks' Service, and has their certificate.
 */
export async function withMetricsApi(parts: ControllerParts, context: MetricsApiContext): Promise<ControllerParts> {
  const { connection, namespace, address, port, api, log, signal } = context;
  const server = await startApiServer({ address, port, api, reviewer: new AccessReviewer(connection) });
  log.info('the metrics API is served', { port: server.port });
  const secret = { namespace, name: systemNames.webhookCertificate };
  const followed = followServingCertificate(connection, secret, {
    use: (certificate) => server.useCertificate(certificate),
    onUnusable: (because) => log.error('the certificate of the metrics API cannot be used', { because }),
    onFault: ({ diagnostic: fault }) => log.debug(fault.message, { code: fault.code }),
  });
  void followTrust({
    connection,
    signal,
    use: (trust) => {
      const used = server.useTrust(trust);
      if (!used.ok) log.error('the authority of the front proxy cannot be used', { because: used.error });
    },
    onFault: (because) => log.warn('the apiserver does not say who speaks for its users', { because }),
  });
  const task = registrationTask({
    service: { namespace, name: systemNames.webhook, port: controllerPorts.metricsApi },
    caBundle: async (asked) => {
      const stored = await readSecret(asked, secret);
      if (!stored.ok) return stored;
      const { credential } = stored.value;
      if (credential.ok) return ok(caBundleOf(credential.value));
      return err({ diagnostic: diagnostic('SMI6302', { message: credential.error }) });
    },
    onFault: ({ diagnostic: fault }) => log.warn(fault.message, { code: fault.code }),
  });
  return {
    ...parts,
    tasks: [...parts.tasks, task],
    close: async () => {
      followed.stop();
      await Promise.all([parts.close(), server.close()]);
    },
  };
}
