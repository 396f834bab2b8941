import type { RateLimiter } from './rate-limiter.ts';

/** One policy's limit on the requests that arrive at a port. */
export interface RateLimit<Request> {
  /** `NAMESPACE/NAME` of the TrafficPolicy. */
  readonly policy: string;
  /** Undefined: every request. */
  readonly covers: ((request: Request) => boolean) | undefined;
  /** Who or what a request counts for. */
  readonly keyOf: (request: Request) => string;
  readonly limiter: RateLimiter;
}
