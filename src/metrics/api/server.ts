import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { err, ok, type Result } from '../../lib/result.ts';
import type { AccessReviewer } from './access-review.ts';
import { type ApiOptions, answerApi } from './answer.ts';
import type { ApiAnswer, ApiRequest } from './contract.ts';
import { parsePath } from './paths.ts';
import { type ApiUser, type RequestHeaderTrust, userOf } from './request-header.ts';
import { failure } from './status.ts';

/** PEM. */
export interface ApiCertificate {
  readonly certificateChain: string;
  readonly privateKey: string;
}

export interface ApiServerOptions {
  readonly address: string;
  /** Port 0 takes a free one. */
  readonly port: number;
  readonly reviewer: AccessReviewer;
  /** Nothing as long as nothing is measured. */
  readonly api: () => ApiOptions | undefined;
}

export interface ApiServer {
  readonly port: number;
  /** Serves new connections with it; what cannot be used changes nothing. */
  useCertificate(certificate: ApiCertificate): Result<undefined, string>;
  /** Until the first, nobody can prove who they are. */
  useTrust(trust: RequestHeaderTrust): Result<undefined, string>;
  close(): Promise<void>;
}

const limits = {
  headMillis: 10_000,
  requestMillis: 30_000,
  keepAliveMillis: 120_000,
  connections: 256,
  headBytes: 32_768,
};

/** Serves the API behind the aggregator of a cluster, over HTTPS, to whomever its front proxy speaks for. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  let certificate: ApiCertificate | undefined;
  let trust: RequestHeaderTrust | undefined;
  // Whose certificate nobody vouches for is told so in the answer; the handshake is not the place.
  const server = createServer(
    { requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2', maxHeaderSize: limits.headBytes },
    (request, response) => {
      answerSafely(request, trust, options).then(
        (answer) => send(response, answer),
        (error: Error) => response.destroy(error),
      );
    },
  );
  server.headersTimeout = limits.headMillis;
  server.requestTimeout = limits.requestMillis;
  server.keepAliveTimeout = limits.keepAliveMillis;
  server.maxConnections = limits.connections;
  server.on('tlsClientError', () => undefined);
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.address, resolve);
  });
  const refresh = (): Result<undefined, string> => {
    if (certificate === undefined) return ok(undefined);
    try {
      server.setSecureContext({
        minVersion: 'TLSv1.2',
        cert: certificate.certificateChain,
        key: certificate.privateKey,
        ...(trust === undefined ? {} : { ca: trust.clientAuthority }),
      });
      return ok(undefined);
    } catch (error) {
      return err(error instanceof Error ? error.message : String(error));
    }
  };
  return {
    port: (server.address() as AddressInfo).port,
    useCertificate: (next) => {
      const before = certificate;
      certificate = next;
      const used = refresh();
      if (!used.ok) certificate = before;
      return used;
    },
    useTrust: (next) => {
      const before = trust;
      trust = next;
      const used = refresh();
      if (!used.ok) trust = before;
      return used;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Health is told to anybody, discovery to everybody whom the front proxy speaks for, traffic to those who may `get` or `list` it. */
async function answerSafely(
  incoming: IncomingMessage,
  trust: RequestHeaderTrust | undefined,
  { reviewer, api }: ApiServerOptions,
): Promise<ApiAnswer> {
  const request = requestOf(incoming);
  if (request === undefined) return failure(400, 'the address of the request cannot be read');
  const path = parsePath(request.path);
  const user = trust === undefined ? undefined : presentedUser(incoming, trust);
  if (user === undefined && path?.kind !== 'health') return failure(401, 'Unauthorized');
  if (user !== undefined && path !== undefined && 'plural' in path) {
    const access = await reviewer.review(user, path);
    if (access.kind === 'unavailable') return failure(503, access.because);
    if (access.kind === 'refused') {
      const because = access.because === '' ? '' : `: ${access.because}`;
      return failure(403, `${path.plural} is forbidden: user ${JSON.stringify(user.name)} cannot ask this${because}`);
    }
  }
  const options = api();
  return options === undefined ? failure(503, 'nothing is measured yet') : await answerApi(request, options);
}

function requestOf({ url = '/', method = '', headers }: IncomingMessage): ApiRequest | undefined {
  if (!URL.canParse(url, 'https://api')) return undefined;
  const { pathname, searchParams } = new URL(url, 'https://api');
  return { method, path: pathname, query: searchParams, accept: headers.accept ?? '' };
}

function presentedUser(incoming: IncomingMessage, trust: RequestHeaderTrust): ApiUser | undefined {
  const socket = incoming.socket as TLSSocket;
  const name: unknown = socket.authorized ? socket.getPeerCertificate().subject?.CN : undefined;
  return userOf({ commonName: typeof name === 'string' ? name : undefined, headers: incoming.headersDistinct }, trust);
}

function send(response: ServerResponse, { status, body, type = 'application/json' }: ApiAnswer): void {
  if (response.destroyed) return;
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`;
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
