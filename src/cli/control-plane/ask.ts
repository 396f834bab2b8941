import { statSync } from 'node:fs';
import { askSocket } from '../../control/admin/socket.ts';
import { defaultStateDirectory } from '../../control/local/state.ts';
import { diagnostic } from '../../diagnostics/diagnostic.ts';
import { isRecord } from '../../lib/values.ts';
import { Unreachable } from '../unreachable.ts';

/** Where a control plane has its state: named, or that of the folder that it serves. */
export interface ControlPlaneOptions {
  readonly state?: string;
  readonly folder: string;
}

/** The state directory that the options lead to; throws `Unreachable` for a folder that is not there. */
export function stateDirectoryOf({ state, folder }: ControlPlaneOptions): string {
  if (state !== undefined) return state;
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw notReached(`${folder} is not a folder`);
  return defaultStateDirectory(folder);
}

/** Asks a page of the control plane for JSON; throws `Unreachable` when there is none to be had. */
export async function askControlPlane<T>(directory: string, target: string, timeoutMillis = 10_000): Promise<T> {
  const answer = await askSocket(directory, target, timeoutMillis);
  if (!answer.ok) throw notReached(answer.error);
  const { status, body } = answer.value;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw notReached(`what answers in ${directory} is no control plane of this release`);
  }
  if (status !== 200) {
    throw notReached(isRecord(value) && typeof value.error === 'string' ? value.error : `status ${status}`);
  }
  // Both ends are of one release.
  return value as T;
}

function notReached(message: string): Unreachable {
  return new Unreachable(diagnostic('SMI6111', { message }));
}
