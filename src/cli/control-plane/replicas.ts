import { request } from 'node:http';
import type { Duplex } from 'node:stream';
import { controllerLabels, controllerPorts } from '../../kubernetes/names.ts';
import { connect, type StreamingConnection } from '../../kubernetes-client/connect.ts';
import { portForward } from '../../kubernetes-client/port-forward.ts';
import { isRecord } from '../../lib/values.ts';
import { Unreachable } from '../unreachable.ts';
import { type ControlPlaneOptions, notReached, type ReplicaAnswer } from './answer.ts';

/** All replicas of a controller that are ready. */
export interface Replicas {
  /** Asks each of them; throws `Unreachable` when one does not answer: what it would say could be all the difference. */
  ask(target: string, timeoutMillis: number): Promise<readonly ReplicaAnswer[]>;
}

const maxAnswerBytes = 64 * 1024 * 1024;

/** The replicas in the cluster that the options name, reached by forwarding their admin port. */
export async function replicasOf({ context, kubeconfig, namespace }: ControlPlaneOptions): Promise<Replicas> {
  const connected = await connect({
    ...(typeof context === 'string' ? { context } : {}),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
  if (!connected.ok) throw new Unreachable(connected.error.diagnostic);
  const connection = connected.value;
  return {
    ask: async (target, timeoutMillis) => {
      const pods = await readyPods(connection, namespace);
      return await Promise.all(pods.map((pod) => askPod(connection, { namespace, pod }, target, timeoutMillis)));
    },
  };
}

async function readyPods(connection: StreamingConnection, namespace: string): Promise<readonly string[]> {
  const labelSelector = Object.entries(controllerLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const listed = await connection.get(`/api/v1/namespaces/${namespace}/pods?${new URLSearchParams({ labelSelector })}`);
  if (!listed.ok) throw new Unreachable(listed.error.diagnostic);
  const items = isRecord(listed.value) && Array.isArray(listed.value.items) ? listed.value.items : [];
  const ready = items.filter(isRecord).flatMap((pod) => readyName(pod) ?? []);
  if (ready.length > 0) return ready;
  throw notReached(`no controller in namespace ${namespace} is ready (${items.length} pods)`);
}

function readyName({ metadata, status }: Readonly<Record<string, unknown>>): string | undefined {
  if (!isRecord(metadata) || metadata.deletionTimestamp !== undefined) return undefined;
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const ready = conditions.some((each) => isRecord(each) && each.type === 'Ready' && each.status === 'True');
  return ready && typeof metadata.name === 'string' ? metadata.name : undefined;
}

async function askPod(
  connection: StreamingConnection,
  where: { readonly namespace: string; readonly pod: string },
  target: string,
  timeoutMillis: number,
): Promise<ReplicaAnswer> {
  const who = `the controller ${where.pod}`;
  const forwarded = await portForward(connection, { ...where, port: controllerPorts.admin });
  if (!forwarded.ok) throw new Unreachable(forwarded.error.diagnostic);
  try {
    return { ...(await ask(forwarded.value, target, timeoutMillis)), who };
  } catch (error) {
    throw notReached(`${who} does not answer: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    forwarded.value.destroy();
  }
}

function ask(stream: Duplex, path: string, timeoutMillis: number): Promise<Omit<ReplicaAnswer, 'who'>> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMillis);
    const headers = { host: 'controller', connection: 'close' };
    const sent = request({ path, signal, headers, createConnection: () => stream }, (response) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      response.on('data', (piece: Buffer) => {
        bytes += piece.length;
        pieces.push(piece);
        if (bytes > maxAnswerBytes) response.destroy(new Error(`it answers more than ${maxAnswerBytes} bytes`));
      });
      response.once('error', reject);
      response.once('end', () => {
        const type = response.headers['content-type'] ?? '';
        resolve({ status: response.statusCode ?? 0, type, body: Buffer.concat(pieces).toString('utf8') });
      });
    });
    sent.once('error', reject);
    sent.end();
  });
}
