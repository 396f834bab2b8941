import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { askAdmin } from '../../control/admin/ask.ts';
import { openAdmin } from '../../control/admin/open.ts';
import { itemsOf } from '../../install/kinds.ts';
import { controllerLabels, controllerPorts } from '../../kubernetes/names.ts';
import { connect, type StreamingConnection } from '../../kubernetes-client/connect.ts';
import type { ClusterFault } from '../../kubernetes-client/fault.ts';
import { portForward } from '../../kubernetes-client/port-forward.ts';
import { ok, type Result } from '../../lib/result.ts';
import { isRecord } from '../../lib/values.ts';
import { Unreachable } from '../unreachable.ts';
import { type ControlPlaneOptions, notReached, type ReplicaAnswer } from './answer.ts';

/** All replicas of a controller that are ready; one that has been asked to end serves its proxies for a while yet. */
export interface Replicas {
  /**
   * Asks each of them; throws `Unreachable` when one does not answer: what it would say could be all the difference. Where
   * one ends meanwhile the others are asked anew, since its proxies go to them.
   */
  ask(target: string, timeoutMillis: number): Promise<readonly ReplicaAnswer[]>;
  /** Asks one of them, and gives its answer as it comes; rejects when there is none. */
  open(target: string, signal: AbortSignal): Promise<IncomingMessage>;
  readonly connection: StreamingConnection;
}

/** In a rollout one replica after the other ends, and some time later the apiserver says so. */
const attempts = 20;
const askAgainMillis = 500;

interface ReadyPod {
  readonly pod: string;
  /** It has been asked to end. */
  readonly ends: boolean;
}

/** The replicas in the cluster that the options name, reached by forwarding their admin port. */
export async function replicasOf({ context, kubeconfig, namespace }: ControlPlaneOptions): Promise<Replicas> {
  const connected = await connect({
    ...(typeof context === 'string' ? { context } : {}),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  });
  if (!connected.ok) throw new Unreachable(connected.error.diagnostic);
  return replicasOver(connected.value, namespace);
}

/** The replicas in a namespace of a cluster. */
export function replicasOver(connection: StreamingConnection, namespace: string): Replicas {
  return {
    ask: async (target, timeoutMillis) => {
      for (let attempt = 1; ; attempt += 1) {
        const pods = await readyPods(connection, namespace);
        try {
          return await Promise.all(
            pods.map(({ pod }) => askPod(connection, { namespace, pod }, target, timeoutMillis)),
          );
        } catch (error) {
          const now = await readyPods(connection, namespace);
          const stay = pods.every(({ pod }) => now.some((each) => each.pod === pod && !each.ends));
          if (stay || attempt === attempts) throw error;
          await pause(askAgainMillis);
        }
      }
    },
    open: async (target, signal) => {
      const ready = await readyPods(connection, namespace);
      const { pod } = ready.find(({ ends }) => !ends) ?? ready[0]!;
      const forwarded = await portForward(connection, { namespace, pod, port: controllerPorts.admin });
      if (!forwarded.ok) throw new Error(forwarded.error.diagnostic.message);
      const stream = forwarded.value;
      signal.addEventListener('abort', () => stream.destroy(), { once: true });
      try {
        const answer = await openAdmin({ headers, createConnection: () => stream }, target, signal);
        answer.once('close', () => stream.destroy());
        return answer;
      } catch (error) {
        stream.destroy();
        throw error;
      }
    },
    connection,
  };
}

const headers = { host: 'localhost', connection: 'close' };

/** All pods of the controller, ready or not. */
export async function controllerPods(
  connection: StreamingConnection,
  namespace: string,
): Promise<Result<readonly Readonly<Record<string, unknown>>[], ClusterFault>> {
  const labelSelector = Object.entries(controllerLabels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  const listed = await connection.get(`/api/v1/namespaces/${namespace}/pods?${new URLSearchParams({ labelSelector })}`);
  return listed.ok ? ok(itemsOf(listed.value)) : listed;
}

async function readyPods(connection: StreamingConnection, namespace: string): Promise<readonly ReadyPod[]> {
  const pods = await controllerPods(connection, namespace);
  if (!pods.ok) throw new Unreachable(pods.error.diagnostic);
  const ready = pods.value.flatMap((pod) => readyPod(pod) ?? []);
  if (ready.length > 0) return ready;
  throw notReached(`no controller in namespace ${namespace} is ready (${pods.value.length} pods)`, 'cluster');
}

function readyPod({ metadata, status }: Readonly<Record<string, unknown>>): ReadyPod | undefined {
  if (!isRecord(metadata)) return undefined;
  const conditions = isRecord(status) && Array.isArray(status.conditions) ? status.conditions : [];
  const ready = conditions.some((each) => isRecord(each) && each.type === 'Ready' && each.status === 'True');
  if (!ready || typeof metadata.name !== 'string') return undefined;
  return { pod: metadata.name, ends: metadata.deletionTimestamp !== undefined };
}

/** Asks one replica; throws `Unreachable` when it does not answer. */
export async function askPod(
  connection: StreamingConnection,
  where: { readonly namespace: string; readonly pod: string },
  target: string,
  timeoutMillis: number,
): Promise<ReplicaAnswer> {
  const who = `the controller ${where.pod}`;
  const forwarded = await portForward(connection, { ...where, port: controllerPorts.admin });
  if (!forwarded.ok) throw new Unreachable(forwarded.error.diagnostic);
  try {
    const stream = { headers, createConnection: () => forwarded.value };
    return { ...(await askAdmin(stream, target, timeoutMillis)), who };
  } catch (error) {
    throw notReached(`${who} does not answer: ${error instanceof Error ? error.message : String(error)}`, 'cluster');
  } finally {
    forwarded.value.destroy();
  }
}
