import { setTimeout as delay } from 'node:timers/promises';
import { systemNames } from '../kubernetes/names.ts';
import type { Connection } from '../kubernetes-client/connect.ts';
import { definitionLacks, readDefinitions } from './definitions.ts';
import { rolloutOf } from './installation.ts';
import { at, itemsOf } from './kinds.ts';
import { tryWebhooks } from './trial.ts';

/** One thing that an installation waits for. */
export interface Readiness {
  readonly what: 'controller' | 'definitions' | 'webhooks';
  readonly ready: boolean;
  /** How far it is, or what holds it up. */
  readonly detail: string;
}

export interface WaitOptions {
  readonly namespace: string;
  /** In milliseconds. */
  readonly timeout: number;
  /** Called whenever something has changed. */
  readonly onProgress: (state: readonly Readiness[]) => void;
  /** Between two looks, in milliseconds. */
  readonly interval?: number;
}

/** Until everything is ready, or the time is over; the last state. */
export async function waitUntilReady(connection: Connection, options: WaitOptions): Promise<readonly Readiness[]> {
  const { namespace, timeout, onProgress, interval = 1_000 } = options;
  const deadline = performance.now() + timeout;
  let shown = '';
  for (;;) {
    const state = await readiness(connection, namespace);
    const text = JSON.stringify(state);
    if (text !== shown) onProgress(state);
    shown = text;
    if (state.every(({ ready }) => ready) || performance.now() + interval > deadline) return state;
    await delay(interval);
  }
}

async function readiness(connection: Connection, namespace: string): Promise<readonly Readiness[]> {
  const [controller, definitions] = await Promise.all([
    controllerReadiness(connection, namespace),
    definitionReadiness(connection),
  ]);
  if (!definitions.ready) return [controller, definitions];
  return [controller, definitions, await webhookReadiness(connection)];
}

async function controllerReadiness(connection: Connection, namespace: string): Promise<Readiness> {
  const what = 'controller';
  const found = await connection.get(`/apis/apps/v1/namespaces/${namespace}/deployments/${systemNames.controller}`);
  if (!found.ok) return { what, ready: false, detail: found.error.diagnostic.message };
  const { wanted, available, done } = rolloutOf(found.value);
  const detail = `${available} of ${wanted} replicas available`;
  if (done) return { what, ready: true, detail };
  const reason = await podTrouble(connection, namespace);
  return { what, ready: false, detail: reason === undefined ? detail : `${detail}; ${reason}` };
}

/** Why the first pod that does not run does not. */
async function podTrouble(connection: Connection, namespace: string): Promise<string | undefined> {
  const selector = encodeURIComponent('app.kubernetes.io/component=controller');
  const pods = await connection.get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`);
  if (!pods.ok) return undefined;
  for (const pod of itemsOf(pods.value)) {
    const statuses = at(pod, 'status', 'containerStatuses');
    for (const status of Array.isArray(statuses) ? statuses : []) {
      const waiting = at(status, 'state', 'waiting');
      const reason = at(waiting, 'reason');
      if (reason === undefined || reason === 'ContainerCreating' || reason === 'PodInitializing') continue;
      return `pod ${at(pod, 'metadata', 'name')}: ${reason}${at(waiting, 'message') ? `: ${at(waiting, 'message')}` : ''}`;
    }
    const conditions = at(pod, 'status', 'conditions');
    const scheduled = (Array.isArray(conditions) ? conditions : []).find((one) => at(one, 'type') === 'PodScheduled');
    if (at(scheduled, 'status') === 'False') {
      return `pod ${at(pod, 'metadata', 'name')}: ${at(scheduled, 'reason')}: ${at(scheduled, 'message')}`;
    }
  }
  return undefined;
}

async function definitionReadiness(connection: Connection): Promise<Readiness> {
  const what = 'definitions';
  const found = await readDefinitions(connection);
  if (!found.ok) return { what, ready: false, detail: found.error.diagnostic.message };
  const lacking = found.value.flatMap((definition) => {
    const lacks = definitionLacks(definition);
    return lacks === undefined ? [] : [`${definition.name}: ${lacks}`];
  });
  const served = found.value.length - lacking.length;
  const detail = `${served} of ${found.value.length} served`;
  return { what, ready: lacking.length === 0, detail: [detail, ...lacking.slice(0, 1)].join('; ') };
}

async function webhookReadiness(connection: Connection): Promise<Readiness> {
  const trials = await tryWebhooks(connection);
  const faults = trials.flatMap(({ name, fault }) => (fault === undefined ? [] : [`${name}: ${fault}`]));
  const detail = faults.length === 0 ? 'conversion, validation and injection answer' : faults.join('; ');
  return { what: 'webhooks', ready: faults.length === 0, detail };
}
