import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import type { TestRoot } from '../../support/intermediate.ts';
import { created } from './accounts.ts';
import type { ApiClient, ApiObject } from './client.ts';

/** What of cert-manager an authority below one of its issuers needs: the kind of its requests, and somebody who signs them. */
export interface TestIssuer {
  /** As the next requests are answered: signed by this root, or refused with the reason. */
  answer: TestRoot | string;
  /** Requests that were seen. */
  readonly seen: ApiObject[];
  stop(): Promise<void>;
}

const group = 'cert-manager.io';
const askAgainMillis = 50;

export async function startIssuer(client: ApiClient, namespace: string, root: TestRoot): Promise<TestIssuer> {
  await installDefinition(client);
  const collection = `/apis/${group}/v1/namespaces/${namespace}/certificaterequests`;
  let stopped = false;
  const issuer: TestIssuer = {
    answer: root,
    seen: [],
    async stop() {
      stopped = true;
      await running;
    },
  };
  const look = async (): Promise<void> => {
    const { body } = await client.get(collection);
    for (const request of (body.items ?? []) as ApiObject[]) {
      if (request.status !== undefined) continue;
      issuer.seen.push(request);
      const status = await statusOf(request, issuer.answer);
      await client.put(`${collection}/${request.metadata?.name}/status`, { ...request, status });
    }
  };
  const running = (async () => {
    while (!stopped) {
      await look();
      await new Promise((resolve) => setTimeout(resolve, askAgainMillis));
    }
  })();
  return issuer;
}

async function statusOf(request: ApiObject, answer: TestRoot | string): Promise<object> {
  if (typeof answer === 'string') {
    return { conditions: [{ type: 'Ready', status: 'False', reason: 'Failed', message: answer }] };
  }
  const { request: encoded } = request.spec as Readonly<Record<string, string>>;
  const csr = new x509.Pkcs10CertificateRequest(Buffer.from(encoded ?? '', 'base64').toString());
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  return {
    conditions: [{ type: 'Ready', status: 'True', reason: 'Issued', message: 'signed' }],
    certificate: base64(await answer.sign(csr.publicKey)),
    ca: base64(answer.pem),
  };
}

async function installDefinition(client: ApiClient): Promise<void> {
  const names = { plural: 'certificaterequests', singular: 'certificaterequest', kind: 'CertificateRequest' };
  const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const name = `${names.plural}.${group}`;
  await created(client, '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name, annotations: { 'api-approved.kubernetes.io': 'unapproved, a test' } },
    spec: {
      group,
      names: { ...names, listKind: 'CertificateRequestList' },
      scope: 'Namespaced',
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: anything, status: anything } } },
        },
      ],
    },
  });
  const deadline = Date.now() + 30_000;
  while ((await client.get(`/apis/${group}/v1/${names.plural}`)).status !== 200) {
    if (Date.now() > deadline) throw new Error('CertificateRequests are not served');
    await new Promise((resolve) => setTimeout(resolve, askAgainMillis));
  }
}
