import { request } from 'node:https';
import { isRecord } from '../../lib/values.ts';
import { webhookPaths } from '../endpoints.ts';

/** How the apiserver reaches the webhooks: through a Service, or outside of a cluster at an address. */
export type WebhookAddress =
  | { readonly service: { readonly namespace: string; readonly name: string; readonly port: number } }
  /** `https://HOST:PORT`, without a path. */
  | { readonly url: string };

/** The names that a certificate of the webhooks has to be for. */
export function hostsOf(address: WebhookAddress, clusterDomain: string): readonly string[] {
  if ('url' in address) return [new URL(address.url).hostname];
  const { namespace, name } = address.service;
  return [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.${clusterDomain}`];
}

/** The `clientConfig` of a webhook, as definitions and webhook configurations have it. */
export function clientConfig(
  address: WebhookAddress,
  path: string,
  caBundle: string,
): Readonly<Record<string, unknown>> {
  return 'url' in address
    ? { url: `${address.url}${path}`, caBundle }
    : { service: { ...address.service, path }, caBundle };
}

const answerTimeout = 5_000;

/**
 * Whether the webhooks convert at the address where the apiserver would ask: `undefined`, or what went wrong. Nobody may be
 * sent there before, since what is not converted cannot even be read.
 */
export function probe(
  address: WebhookAddress,
  trusted: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const base =
    'url' in address
      ? address.url
      : `https://${address.service.name}.${address.service.namespace}.svc:${address.service.port}`;
  const review = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'ConversionReview',
    request: { uid: 'probe', desiredAPIVersion: 'split.smi-spec.io/v1alpha4', objects: [] },
  };
  return new Promise((resolve) => {
    const url = new URL(webhookPaths.convert, base);
    // No connection is kept: each probe sees the certificate that is served now.
    const sent = request(
      url,
      { method: 'POST', ca: [...trusted], agent: false, timeout: answerTimeout, signal },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk.slice(0, 1_000);
        });
        response.on('error', (error) => resolve(error.message));
        response.on('end', () => {
          resolve(response.statusCode === 200 && isConversion(text) ? undefined : `it answers ${response.statusCode}`);
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${answerTimeout / 1000} s`)));
    sent.on('error', (error) => resolve(error.message));
    sent.end(JSON.stringify(review));
  });
}

function isConversion(text: string): boolean {
  try {
    const review: unknown = JSON.parse(text);
    return isRecord(review) && review.kind === 'ConversionReview';
  } catch {
    return false;
  }
}
