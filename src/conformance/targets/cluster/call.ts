import { request } from 'node:http';
import type { StreamingConnection } from '../../../kubernetes-client/connect.ts';
import { portForward } from '../../../kubernetes-client/port-forward.ts';
import { isRecord } from '../../../lib/values.ts';
import type { Call, CallResult } from '../../application/calls.ts';
import { controlPort } from '../../topology.ts';

const callMillis = 120_000;

/** Lets the application in a pod make calls, and gives what came of each. */
export async function callFrom(
  connection: StreamingConnection,
  pod: { readonly namespace: string; readonly pod: string },
  call: Call,
): Promise<readonly CallResult[]> {
  const forwarded = await portForward(connection, { ...pod, port: controlPort });
  if (!forwarded.ok) throw new Error(forwarded.error.diagnostic.message);
  const stream = forwarded.value;
  try {
    const text = await new Promise<string>((resolve, reject) => {
      const headers = { host: 'localhost', connection: 'close', 'content-type': 'application/json' };
      const signal = AbortSignal.timeout(callMillis);
      const options = { method: 'POST', path: '/call', headers, createConnection: () => stream, signal };
      const sent = request(options, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.once('error', reject);
        response.once('end', () => resolve(Buffer.concat(pieces).toString()));
      });
      sent.once('error', reject);
      sent.end(JSON.stringify([call]));
    });
    const answer: unknown = JSON.parse(text);
    const results = isRecord(answer) && Array.isArray(answer.results) ? answer.results[0] : undefined;
    if (!Array.isArray(results)) throw new Error(`${pod.namespace}/${pod.pod} answers ${text.slice(0, 200)}`);
    return results as readonly CallResult[];
  } finally {
    stream.destroy();
  }
}
