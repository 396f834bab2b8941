/**
 * The time before a retry, in milliseconds: exponential with full jitter, so that clients that failed together do not come
 * back together. `retry` counts from 1; `random` is from 0 to below 1.
 */
export function backoffMillis(baseMillis: number, maxMillis: number, retry: number, random: number): number {
  return random * Math.min(maxMillis, baseMillis * 2 ** Math.min(retry - 1, 30));
}

/**
 * How long a server asks to be left alone, from `grpc-retry-pushback-ms` or else `retry-after` in seconds: 0 when it
 * says nothing, infinity when it wants no retry at all. A date in `retry-after` is read against `wallClock`.
 */
export function pushbackMillis(
  pushback: string | undefined,
  retryAfter: string | undefined,
  wallClock: number,
): number {
  // gRFC A6: a negative or unreadable value means that there shall be no retry.
  if (pushback !== undefined) return /^[0-9]{1,10}$/.test(pushback) ? Number(pushback) : Number.POSITIVE_INFINITY;
  if (retryAfter === undefined) return 0;
  if (/^[0-9]{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? 0 : Math.max(0, date - wallClock);
}
