import { signal } from '@preact/signals';
import type { Session } from '../../api/contract.ts';

export const session = signal<Session | undefined>(undefined);

const key = 'smi-mesh-token';

/** Takes the token out of the address, where it came from the terminal: what is shared afterwards does not carry it. */
export function takeToken(): void {
  const [, token] = /[#&]token=([\w-]+)/.exec(location.hash) ?? [];
  if (token === undefined) return;
  sessionStorage.setItem(key, token);
  location.replace('#/topology');
}

const retryMillis = 2_000;

/** Asks until there is an answer. */
export async function readSession(): Promise<void> {
  const response = await fetch('/api/session').catch(() => undefined);
  if (response?.ok) session.value = (await response.json()) as Session;
  else setTimeout(readSession, retryMillis);
}

export function token(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

/** Whether weights can be moved from here. */
export function mayEdit(): boolean {
  return session.value?.edit === true && token() !== undefined;
}
