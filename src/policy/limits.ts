const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** From shortest to longest, in milliseconds, by the field's path in `spec` without the places in lists. */
export const durationLimits: Readonly<Record<string, readonly [number, number]>> = {
  'timeouts.connect': [1, hour],
  // Zero is no limit.
  'timeouts.request': [0, day],
  'timeouts.perTry': [0, day],
  'timeouts.idle': [0, day],
  'retries.budget.window': [second, 10 * minute],
  'retries.backoff.base': [1, minute],
  'retries.backoff.max': [1, 10 * minute],
  'outlierDetection.interval': [10, hour],
  'outlierDetection.ejection.time': [10, day],
  'outlierDetection.ejection.maxTime': [10, day],
  'healthCheck.interval': [100, hour],
  'healthCheck.timeout': [100, 5 * minute],
  'faults.delay.duration': [1, hour],
  'rateLimit.period': [1, day],
  'authentication.jwt.cache': [second, day],
};

/** Shares are kept in hundredths of a percent. */
export const sharesPerPercent = 100;
export const fullShare = 100 * sharesPerPercent;

/** What is used where a TrafficPolicy leaves it out. */
export const fieldDefaults = { rateLimitPeriod: second, jwksCache: 5 * minute } as const;
