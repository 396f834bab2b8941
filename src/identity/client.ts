import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { readBundle } from '../lib/certificates.ts';
import { err, ok, type Result } from '../lib/result.ts';
import { peerSpiffeId } from '../lib/spiffe.ts';
import type { SignedCertificate, Svid } from './authority.ts';
import { bodyLimit, certificatePath, parseAnswer, parseRefusal } from './contract.ts';
import { belongsTo, createRequest } from './request.ts';

export interface SvidRequestOptions {
  /** Where the identity server is reached. */
  readonly address: string;
  readonly port: number;
  /** The host name that its certificate must have; the address unless told otherwise. */
  readonly serverName?: string;
  /** The SPIFFE id that it must have beside that. */
  readonly serverIdentity: string;
  /** The roots that it is verified against, PEM; read anew for each request, like the token: both are replaced while they are in use. */
  readonly trustBundleFile: string;
  readonly tokenFile: string;
  /** Name of the pod that the token is bound to. */
  readonly pod: string;
  readonly timeoutMillis?: number;
}

/** Why there is no certificate. */
export interface SvidFault {
  readonly because: string;
  /** The server's wish. */
  readonly retryMillis?: number;
}

const defaultTimeout = 15_000;

/** Makes a key and asks once for a certificate of the pod's identity. */
export async function requestSvid(options: SvidRequestOptions): Promise<Result<Svid, SvidFault>> {
  let token: string;
  let trustBundle: string;
  try {
    token = (await readFile(options.tokenFile, 'utf8')).trim();
    trustBundle = await readFile(options.trustBundleFile, 'utf8');
  } catch (error) {
    return err({ because: `no proof of identity yet: ${(error as Error).message}` });
  }
  const { privateKey, request } = await createRequest();
  const body = JSON.stringify({ request, pod: options.pod });
  const answered = await ask(options, { token, trustBundle, body });
  if (!answered.ok) return answered;
  const fault = answerFault(answered.value, privateKey);
  return fault === undefined ? ok({ ...answered.value, privateKey }) : err({ because: fault });
}

interface Question {
  readonly token: string;
  readonly trustBundle: string;
  readonly body: string;
}

function ask(options: SvidRequestOptions, question: Question): Promise<Result<SignedCertificate, SvidFault>> {
  const { address, port, serverName = address, serverIdentity, timeoutMillis = defaultTimeout } = options;
  return new Promise((resolve) => {
    const settle = (result: Result<SignedCertificate, SvidFault>) => {
      clearTimeout(timer);
      resolve(result);
    };
    const failed = (error: Error) =>
      settle(err({ because: `the identity server at ${address}:${port} gives no answer: ${sentence(error)}` }));
    const sent = httpsRequest(
      {
        host: address,
        port,
        path: certificatePath,
        method: 'POST',
        agent: false,
        ca: question.trustBundle,
        minVersion: 'TLSv1.3',
        // Before anything is sent: the token is for the control plane alone.
        checkServerIdentity: (_, certificate) => serverFault(serverName, serverIdentity, certificate),
        ...(isIP(serverName) === 0 ? { servername: serverName } : {}),
        headers: {
          host: serverName,
          authorization: `Bearer ${question.token}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(question.body),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > bodyLimit) sent.destroy(new Error(`its answer has more than ${bodyLimit} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', failed);
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          settle(readAnswer(statusCode, headers['retry-after'], Buffer.concat(chunks).toString('utf8')));
        });
      },
    );
    sent.on('error', failed);
    const timer = setTimeout(() => sent.destroy(new Error(`nothing within ${timeoutMillis / 1000} s`)), timeoutMillis);
    sent.end(question.body);
  });
}

function serverFault(name: string, identity: string, certificate: PeerCertificate): Error | undefined {
  const fault = checkServerIdentity(name, certificate);
  if (fault !== undefined) return fault;
  const presented = peerSpiffeId(certificate.subjectaltname);
  return presented === identity ? undefined : new Error(`it is ${presented ?? 'nobody'} and not ${identity}`);
}

function readAnswer(
  status: number,
  retryAfter: string | undefined,
  text: string,
): Result<SignedCertificate, SvidFault> {
  if (status === 200) {
    const answer = parseAnswer(text);
    return answer.ok ? answer : err({ because: answer.error });
  }
  const because = `the identity server refuses (${status}): ${parseRefusal(text) ?? 'no reason given'}`;
  const seconds = /^[0-9]{1,4}$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return err({ because, ...(seconds === undefined ? {} : { retryMillis: seconds * 1000 }) });
}

function answerFault({ certificateChain, trustBundle }: SignedCertificate, privateKey: string): string | undefined {
  if (!belongsTo(certificateChain, privateKey)) return 'the certificate that came is for another key';
  if (peerSpiffeId(new X509Certificate(certificateChain).subjectAltName) === undefined) {
    return 'the certificate that came names no single SPIFFE id';
  }
  const bundle = readBundle(trustBundle);
  return bundle.ok ? undefined : `the trust bundle that came has ${bundle.error}`;
}

/** Errors of Node's sockets that try several addresses have no message of their own. */
function sentence(error: Error): string {
  return error instanceof AggregateError ? error.errors.map(String).join('; ') : error.message;
}

export interface AwaitSvidOptions extends SvidRequestOptions {
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** An attempt failed; the next one follows after so many milliseconds. */
  readonly onRetry: (fault: SvidFault, millis: number) => void;
  readonly firstRetryMillis?: number;
}

const defaultFirstRetry = 500;
const lastRetryMillis = 30_000;

/** Asks until there is a certificate, ever more rarely; nothing once the signal has ended it. */
export async function awaitSvid(options: AwaitSvidOptions): Promise<Svid | undefined> {
  const { signal, onRetry, firstRetryMillis = defaultFirstRetry } = options;
  let wait = firstRetryMillis;
  while (!signal.aborted) {
    const answer = await requestSvid(options);
    if (answer.ok) return answer.value;
    if (signal.aborted) return undefined;
    // Many pods may have begun to wait at the same moment.
    const millis = Math.max(wait, answer.error.retryMillis ?? 0) * (0.5 + Math.random() / 2);
    onRetry(answer.error, Math.round(millis));
    wait = Math.min(wait * 2, lastRetryMillis);
    await delay(millis, undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}
