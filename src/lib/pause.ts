import { setTimeout as delay } from 'node:timers/promises';

/** For so long, or until the signal aborts, at once if it has; never rejects. */
export async function pause(millis: number, signal: AbortSignal): Promise<void> {
  await delay(Math.max(0, millis), undefined, { signal }).catch(() => undefined);
}
