import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { sidecarUser } from '../kubernetes/names.ts';

/** States of a socket that a living program holds (include/net/tcp_states.h): established, opening, half closed by the peer, listening. */
const held: readonly (string | undefined)[] = ['01', '02', '03', '08', '0A'];

/** Whether a program of the pod, other than its sidecar, holds a TCP socket; by the text of /proc/net/tcp or tcp6. */
export function holdsSocket(text: string): boolean {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .some(([, , , state, , , , uid]) => held.includes(state) && Number(uid) !== sidecarUser);
}

export interface EndOptions {
  /** It is over then, whatever the programs do. */
  readonly limitMillis: number;
  /** So long no program may have held a socket: one that ends may connect once more, to say so. */
  readonly quietMillis: number;
  readonly signal: AbortSignal;
  readonly tables?: readonly string[];
}

const askAgainMillis = 250;
const everywhere = ['/proc/net/tcp', '/proc/net/tcp6'];

/** Resolves when the programs of this pod have ended, as far as their sockets tell. */
export async function programsEnded({
  limitMillis,
  quietMillis,
  signal,
  tables = everywhere,
}: EndOptions): Promise<void> {
  const end = performance.now() + limitMillis;
  let quietSince = performance.now();
  while (!signal.aborted && performance.now() < end) {
    const texts = await Promise.all(tables.map((table) => readFile(table, 'utf8').catch(() => '')));
    const now = performance.now();
    if (texts.some(holdsSocket)) quietSince = now;
    else if (now - quietSince >= quietMillis) return;
    await pause(askAgainMillis, undefined, { signal }).catch(() => undefined);
  }
}
