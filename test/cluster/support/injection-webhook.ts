import type { InjectionSettings } from '../../../src/injection/settings.ts';
import { defaultInjectionSettings, defaultMeshIdentity } from '../../../src/injection/settings.ts';
import { injectLabel } from '../../../src/kubernetes/names.ts';
import { answerAdmission } from '../../../src/webhooks/admission.ts';
import { createWebhookAuthority, issueServingCertificate } from '../../../src/webhooks/certificates/issue.ts';
import { createInjector } from '../../../src/webhooks/inject.ts';
import { startWebhookServer } from '../../../src/webhooks/server.ts';

/** The project's webhook that injects, on the loopback interface: by the name of a variant, which a namespace has as label `variant`. */
export interface InjectionWebhook {
  readonly configuration: unknown;
  close(): Promise<void>;
}

const hour = 3_600_000;

export async function startInjectionWebhook(
  variants: Readonly<Record<string, Partial<InjectionSettings>>>,
): Promise<InjectionWebhook> {
  const authority = await createWebhookAuthority(Date.now(), hour);
  const answering = Object.entries(variants).map(([name, settings]) => {
    const handle = createInjector({
      settings: { ...defaultInjectionSettings, ...settings },
      mesh: defaultMeshIdentity,
    });
    const answer = (body: unknown) => answerAdmission(body, handle);
    return [`/${name}`, { answer, bodyLimit: 1 << 24, concurrency: 8 }] as const;
  });
  const server = await startWebhookServer({
    port: 0,
    host: '127.0.0.1',
    certificate: await issueServingCertificate(authority, ['127.0.0.1'], Date.now(), hour),
    endpoints: Object.fromEntries(answering),
  });
  const webhooks = Object.keys(variants).map((name) => ({
    name: `${name}.inject.smi-mesh.io`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    failurePolicy: 'Fail',
    namespaceSelector: { matchLabels: { [injectLabel]: 'enabled', variant: name } },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
    clientConfig: {
      url: `https://127.0.0.1:${server.port}/${name}`,
      caBundle: Buffer.from(authority.certificate).toString('base64'),
    },
  }));
  return {
    configuration: {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'smi-mesh' },
      webhooks,
    },
    close: server.close,
  };
}
