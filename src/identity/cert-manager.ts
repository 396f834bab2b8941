import { setTimeout as delay } from 'node:timers/promises';
import { systemNames } from '../kubernetes/names.ts';
import type { StreamingConnection } from '../kubernetes-client/connect.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { CredentialMaker } from './cluster-authority.ts';
import { type AuthorityCredential, readSigner } from './credential.ts';
import { createRequest } from './request.ts';

/** Of cert-manager, in the namespace of the control plane, or of the cluster. */
export interface IssuerReference {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
}

export interface CertManagerOptions {
  readonly trustDomain: string;
  /** Of the control plane. */
  readonly namespace: string;
  readonly issuer: IssuerReference;
  /** How long the issuer may take, in milliseconds: somebody may have to approve the request. */
  readonly patience?: number;
  readonly lookMillis?: number;
}

const defaultPatience = 120_000;
const defaultLook = 1_000;
const lifetime = '2160h';

/**
 * An authority below an issuer of cert-manager: its key is made here, and a CertificateRequest asks for a certificate that may
 * sign. So certificates of workloads need neither cert-manager nor the apiserver, and the issuer signs once in months.
 */
export function certManager(options: CertManagerOptions): CredentialMaker {
  const { trustDomain, namespace, issuer, patience = defaultPatience, lookMillis = defaultLook } = options;
  const collection = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests`;
  return async (connection, signal) => {
    const { privateKey, request } = await createRequest(`spiffe://${trustDomain}`);
    const created = await connection.send('POST', collection, {
      apiVersion: 'cert-manager.io/v1',
      kind: 'CertificateRequest',
      metadata: { generateName: `${systemNames.authority}-`, namespace },
      spec: {
        request: Buffer.from(request).toString('base64'),
        isCA: true,
        usages: ['cert sign', 'crl sign'],
        duration: lifetime,
        issuerRef: issuer,
      },
    });
    if (!created.ok) return err(created.error.diagnostic.message);
    const path = `${collection}/${nameOf(created.value)}`;
    const answer = await issued(connection, path, { signal, until: Date.now() + patience, lookMillis });
    // Answered or not, nobody needs it any more.
    await connection.send('DELETE', path);
    if (!answer.ok) return answer;
    const credential = { ...answer.value, privateKey };
    const usable = await readSigner(trustDomain, credential);
    return usable.ok ? ok(credential) : err(`what ${issuer.kind} ${issuer.name} issued: ${usable.error}`);
  };
}

interface Waiting {
  readonly signal: AbortSignal;
  readonly until: number;
  readonly lookMillis: number;
}

type Issued = Omit<AuthorityCredential, 'privateKey'>;

async function issued(
  connection: Pick<StreamingConnection, 'get'>,
  path: string,
  { signal, until, lookMillis }: Waiting,
): Promise<Result<Issued, string>> {
  let last = 'nobody has looked at it';
  while (!signal.aborted && Date.now() < until) {
    const answer = await connection.get(path);
    const status = answer.ok && isRecord(answer.value) && isRecord(answer.value.status) ? answer.value.status : {};
    const certificate = decoded(status.certificate);
    if (certificate !== undefined) return withRoots(certificate, decoded(status.ca));
    const final = conditions(status).find(({ type, reason }) => isFinal(type, reason));
    if (final !== undefined) return err(`the CertificateRequest is ${final.reason}: ${final.message}`);
    last = answer.ok ? (conditions(status)[0]?.message ?? last) : answer.error.diagnostic.message;
    await delay(lookMillis, undefined, { signal }).catch(() => undefined);
  }
  return err(`the CertificateRequest was not answered in time: ${last}`);
}

/** Issuers that know no root say so by leaving it out. */
function withRoots(certificateChain: string, trustBundle: string | undefined): Result<Issued, string> {
  if (trustBundle === undefined) return err('the issuer names no root (status.ca), so that nobody could trust it');
  return ok({ certificateChain, trustBundle });
}

interface Condition {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

function conditions({ conditions: list }: Fields): readonly Condition[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((condition) => ({
    type: String(condition.type),
    reason: String(condition.reason ?? ''),
    message: String(condition.message ?? ''),
  }));
}

function isFinal(type: string, reason: string): boolean {
  return type === 'Denied' || type === 'InvalidRequest' || (type === 'Ready' && ['Failed', 'Denied'].includes(reason));
}

function decoded(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? Buffer.from(value, 'base64').toString('utf8') : undefined;
}

function nameOf(object: unknown): string {
  const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
  return encodeURIComponent(String(metadata.name));
}
