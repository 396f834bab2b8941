import { setTimeout as pause } from 'node:timers/promises';

export interface DrainOptions {
  /** What has come to the pod so far: requests and connections. Unknown counts as nothing new. */
  readonly arrivals: () => Promise<number | undefined>;
  /** So long at least: callers that come seldom hear meanwhile that the pod is going. */
  readonly leastMillis: number;
  /** So long nothing may have come. */
  readonly quietMillis: number;
  /** It is over then, whoever still comes. */
  readonly limitMillis: number;
  readonly signal: AbortSignal;
}

const askAgainMillis = 200;

/** Resolves when nobody calls this pod any more, as far as that can be told. */
export async function drained(options: DrainOptions): Promise<void> {
  const { arrivals, leastMillis, quietMillis, limitMillis, signal } = options;
  const begun = performance.now();
  let seen = await arrivals();
  let quietSince = begun;
  while (!signal.aborted) {
    const now = performance.now();
    if (now - begun >= limitMillis) return;
    if (now - begun >= leastMillis && now - quietSince >= quietMillis) return;
    await pause(askAgainMillis, undefined, { signal }).catch(() => undefined);
    const count = await arrivals();
    if (count === undefined || count === seen) continue;
    seen = count;
    quietSince = performance.now();
  }
}
