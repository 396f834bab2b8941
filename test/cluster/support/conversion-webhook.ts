import { createWebhookAuthority, issueServingCertificate } from '../../../src/webhooks/certificates/issue.ts';
import { webhookEndpoints, webhookPaths } from '../../../src/webhooks/endpoints.ts';
import { startWebhookServer } from '../../../src/webhooks/server.ts';
import type { Crd } from './crds.ts';

/** The project's webhook server on the loopback interface, for conversion alone. */
export interface ConversionWebhook {
  /** The definition, with this webhook instead of the one in a cluster. */
  servedBy(crd: Crd): Crd;
  close(): Promise<void>;
}

const hour = 3_600_000;

export async function startConversionWebhook(): Promise<ConversionWebhook> {
  const authority = await createWebhookAuthority(Date.now(), hour);
  const server = await startWebhookServer({
    port: 0,
    host: '127.0.0.1',
    certificate: await issueServingCertificate(authority, ['127.0.0.1'], Date.now(), hour),
    endpoints: webhookEndpoints({ validate: () => ({}) }),
  });
  const clientConfig = {
    url: `https://127.0.0.1:${server.port}${webhookPaths.convert}`,
    caBundle: Buffer.from(authority.certificate).toString('base64'),
  };
  return {
    servedBy: (crd) => {
      if (crd.spec.conversion === undefined) return crd;
      const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } };
      return { ...crd, spec: { ...crd.spec, conversion } };
    },
    close: server.close,
  };
}
