import { statSync } from 'node:fs';
import { askSocket } from '../../control/admin/socket.ts';
import { defaultStateDirectory } from '../../control/local/state.ts';
import { isRecord } from '../../lib/values.ts';
import { type Asked, type ControlPlaneOptions, isInCluster, notReached, type ReplicaAnswer } from './answer.ts';

/** Somebody who can be asked for the JSON of a page. */
export interface AskedControlPlane {
  /**
   * The answers of all replicas that know one, at least one; throws `Unreachable` when there is none to be had, or not from
   * every replica that is ready.
   */
  ask<T>(target: string, timeoutMillis?: number): Promise<readonly T[]>;
}

const usualTimeout = 10_000;

/** The control plane that the options lead to; throws `Unreachable` when that cannot be found out. */
export async function controlPlaneOf(options: ControlPlaneOptions): Promise<AskedControlPlane> {
  if (isInCluster(options)) {
    // Loaded only here: questions to a local mesh shall not wait for the client library.
    const { replicasOf } = await import('./replicas.ts');
    const replicas = await replicasOf(options);
    return {
      ask: async <T>(target: string, timeoutMillis = usualTimeout) =>
        known<T>(await replicas.ask(target, timeoutMillis), 'cluster'),
    };
  }
  const directory = stateDirectoryOf(options);
  return {
    ask: async <T>(target: string, timeoutMillis = usualTimeout) => {
      const answer = await askSocket(directory, target, timeoutMillis);
      if (!answer.ok) throw notReached(answer.error, 'folder');
      return known<T>([{ ...answer.value, who: `what answers in ${directory}` }], 'folder');
    },
  };
}

/** The state directory that the options lead to; throws `Unreachable` for a folder that is not there. */
export function stateDirectoryOf({ state, folder }: ControlPlaneOptions): string {
  if (state !== undefined) return state;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw notReached(`${folder} is not a folder`, 'folder');
  return defaultStateDirectory(folder);
}

/** What replicas answer; one that does not know a proxy says 404: another may. */
export function known<T>(answers: readonly ReplicaAnswer[], asked: Asked): readonly T[] {
  const parsed = answers.map(({ status, body, who }) => ({ status, value: parse(body, who, asked) }));
  const failed = parsed.find(({ status }) => status !== 200 && status !== 404) ?? parsed[0];
  const good = parsed.filter(({ status }) => status === 200);
  if (failed !== undefined && (failed.status !== 404 || good.length === 0) && failed.status !== 200) {
    const { value, status } = failed;
    if (isRecord(value) && typeof value.error === 'string') throw notReached(value.error, 'answered');
    throw notReached(`status ${status}`, asked);
  }
  // Both ends are of one release.
  return good.map(({ value }) => value as T);
}

function parse(body: string, who: string, asked: Asked): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw notReached(`${who} is no control plane of this release`, asked);
  }
}
