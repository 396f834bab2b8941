import { request as sendRequest } from 'node:https';
import type { PeerCertificate } from 'node:tls';
import type { ObjectKey } from '../../../diagnostics/origin.ts';
import type { Svid } from '../../../identity/authority.ts';
import { peerSpiffeId, type SpiffeId } from '../../../lib/spiffe.ts';
import { isRecord } from '../../../lib/values.ts';
import { landedPath, type ObjectVersion } from './contract.ts';

export interface Peer {
  readonly address: string;
  readonly port: number;
}

const timeoutMillis = 2_000;
const answerLimit = 256 * 1024;

/** What another replica says has landed; `undefined` when it does not answer in time. */
export function askPeer(
  { address, port }: Peer,
  objects: readonly ObjectVersion[],
  { certificateChain, privateKey, trustBundle }: Svid,
  identity: SpiffeId,
): Promise<ReadonlySet<ObjectKey> | undefined> {
  return new Promise((resolve) => {
    const sent = sendRequest(
      {
        host: address,
        port,
        method: 'POST',
        path: landedPath,
        cert: certificateChain,
        key: privateKey,
        ca: trustBundle,
        minVersion: 'TLSv1.3',
        agent: false,
        signal: AbortSignal.timeout(timeoutMillis),
        headers: { 'content-type': 'application/json' },
        checkServerIdentity: (_host, certificate) => proves(certificate, identity),
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (text.length > answerLimit) response.destroy();
        });
        response.once('close', () =>
          resolve(response.statusCode === 200 && response.complete ? read(text) : undefined),
        );
      },
    );
    sent.once('error', () => resolve(undefined));
    sent.end(JSON.stringify({ objects }));
  });
}

/** By its identity alone: a replica has no name. */
function proves(certificate: PeerCertificate, identity: SpiffeId): Error | undefined {
  return peerSpiffeId(certificate.subjectaltname) === identity ? undefined : new Error('another identity');
}

function read(text: string): ReadonlySet<ObjectKey> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!isRecord(value) || !Array.isArray(value.landed)) return undefined;
    return new Set(value.landed.filter((key) => typeof key === 'string') as ObjectKey[]);
  } catch {
    return undefined;
  }
}
