import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from '../../kubernetes-client/connect.ts';
import { type RequestHeaderTrust, readRequestHeaderTrust } from './request-header.ts';

export interface FollowTrustOptions {
  readonly connection: Pick<Connection, 'get'>;
  readonly signal: AbortSignal;
  readonly use: (trust: RequestHeaderTrust) => void;
  /** It cannot be read; what was known before stays. */
  readonly onFault: (because: string) => void;
}

const steadyMillis = 60_000;
const againMillis = 5_000;

/** Reads whom the apiserver lets speak for others, again and again; resolves when the signal aborts. */
export async function followTrust({ connection, signal, use, onFault }: FollowTrustOptions): Promise<void> {
  let known = '';
  while (!signal.aborted) {
    const trust = await readRequestHeaderTrust(connection);
    if (signal.aborted) return;
    if (!trust.ok) onFault(trust.error);
    else if (JSON.stringify(trust.value) !== known) {
      known = JSON.stringify(trust.value);
      use(trust.value);
    }
    await pause(trust.ok ? steadyMillis : againMillis, undefined, { signal }).catch(() => undefined);
  }
}
