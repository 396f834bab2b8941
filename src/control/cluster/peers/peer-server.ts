import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { TLSSocket } from 'node:tls';
import type { ObjectKey } from '../../../diagnostics/origin.ts';
import type { Svid } from '../../../identity/authority.ts';
import { peerSpiffeId, type SpiffeId } from '../../../lib/spiffe.ts';
import { isRecord } from '../../../lib/values.ts';
import { type LandedAnswer, landedPath, maxQuestion, type ObjectVersion } from './contract.ts';

export interface PeerServerOptions {
  readonly address: string;
  readonly port: number;
  /** What all replicas prove. */
  readonly identity: SpiffeId;
  readonly svid: Svid;
  /** Whether every proxy of this replica has an object in this version, or a later one. */
  readonly landed: (version: ObjectVersion) => boolean;
}

export interface PeerServer {
  readonly port: number;
  /** A new certificate, for connections from now on. */
  rotate(svid: Svid): void;
  close(): Promise<void>;
}

const bodyLimit = 256 * 1024;
const requestTimeout = 5_000;

/** Answers other replicas of the controller, which prove that they are by mutual TLS. Rejects when it cannot listen. */
export async function startPeerServer(options: PeerServerOptions): Promise<PeerServer> {
  const server = createServer({
    ...tlsOf(options.svid),
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
    requestTimeout,
    headersTimeout: requestTimeout,
  });
  server.on('request', (request, response) => {
    answer(options, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.address, () => resolve());
  });
  return {
    port: (server.address() as { readonly port: number }).port,
    rotate: (svid) => server.setSecureContext({ ...tlsOf(svid), minVersion: 'TLSv1.3' }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function tlsOf({ certificateChain, privateKey, trustBundle }: Svid) {
  return { cert: certificateChain, key: privateKey, ca: trustBundle };
}

async function answer(
  { identity, landed }: PeerServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const peer = peerSpiffeId((request.socket as TLSSocket).getPeerCertificate().subjectaltname);
  if (peer !== identity) return refuse(response, 403);
  if (request.method !== 'POST' || request.url !== landedPath) return refuse(response, 404);
  const question = versionsOf(await bodyOf(request));
  if (question === undefined) return refuse(response, 400);
  const told: LandedAnswer = { landed: question.filter(landed).map(({ object }) => object) };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(told));
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { connection: 'close' }).end();
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk as string;
    if (text.length > bodyLimit) return undefined;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function versionsOf(value: unknown): readonly ObjectVersion[] | undefined {
  if (!isRecord(value) || !Array.isArray(value.objects) || value.objects.length > maxQuestion) return undefined;
  const versions = value.objects.filter(isRecord).flatMap(({ object, uid, generation }): ObjectVersion[] => {
    return typeof object === 'string' && typeof uid === 'string' && typeof generation === 'number'
      ? [{ object: object as ObjectKey, uid, generation }]
      : [];
  });
  return versions.length === value.objects.length ? versions : undefined;
}
