import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import * as x509 from '@peculiar/x509';
import { convertObject } from '../../../src/smi/convert/convert.ts';
import type { Crd } from './crds.ts';

/** A conversion webhook on the loopback interface. */
export interface ConversionWebhook {
  /** The definition, with this webhook instead of the one in a cluster. */
  servedBy(crd: Crd): Crd;
  close(): Promise<void>;
}

interface ConversionReview {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly Readonly<Record<string, unknown>>[];
  };
}

/** Answers apiextensions.k8s.io/v1 ConversionReviews with the project's own conversion. */
export async function startConversionWebhook(): Promise<ConversionWebhook> {
  const { certificate, privateKey } = await selfSigned();
  const server = createServer({ cert: certificate, key: privateKey }, async (request, response) => {
    const review = JSON.parse(await textOf(request)) as ConversionReview;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(review)));
  });
  await new Promise<void>((resolve, reject) => server.on('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  const clientConfig = {
    url: `https://127.0.0.1:${port}/convert`,
    caBundle: Buffer.from(certificate).toString('base64'),
  };
  return {
    servedBy: (crd) => {
      if (crd.spec.conversion === undefined) return crd;
      const conversion = { strategy: 'Webhook', webhook: { conversionReviewVersions: ['v1'], clientConfig } };
      return { ...crd, spec: { ...crd.spec, conversion } };
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function answer({ apiVersion, kind, request }: ConversionReview): unknown {
  const { uid, desiredAPIVersion, objects } = request;
  const converted = objects.map((object) => convertObject(object, desiredAPIVersion));
  const faults = converted.flatMap((one) => (one.ok ? [] : one.error.map(({ message }) => message)));
  const convertedObjects = converted.flatMap((one) => (one.ok ? [one.value] : []));
  const response =
    faults.length > 0
      ? { uid, result: { status: 'Failure', message: faults.join('; ') } }
      : { uid, convertedObjects, result: { status: 'Success' } };
  return { apiVersion, kind, response };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function selfSigned(): Promise<{ readonly certificate: string; readonly privateKey: string }> {
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=conversion webhook of the tests',
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), privateKey: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}
