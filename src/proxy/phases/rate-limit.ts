import { RESOURCE_EXHAUSTED } from '../policy/grpc.ts';
import type { RateLimit } from '../policy/rate-limit.ts';
import type { Exchange } from '../routing/exchange.ts';
import { ANSWER, NEXT, type Phase } from './phase.ts';

/** All limits that cover a request must let it pass; it counts towards any of them only if they do. */
export function rateLimitPhase(limits: readonly RateLimit<Exchange>[]): Phase | undefined {
  if (limits.length === 0) return undefined;
  return {
    name: 'rate-limit',
    request: (exchange) => {
      const { now } = exchange;
      let wait = 0;
      for (const limit of limits) {
        if (limit.covers !== undefined && !limit.covers(exchange)) continue;
        const millis = limit.limiter.wait(limit.keyOf(exchange), now);
        if (millis === 0) continue;
        exchange.series?.rateLimited(limit.policy);
        wait = Math.max(wait, millis);
      }
      if (wait > 0) return refuse(exchange, wait);
      for (const { covers, limiter, keyOf } of limits) {
        if (covers === undefined || covers(exchange)) limiter.take(keyOf(exchange), now);
      }
      return NEXT;
    },
  };
}

function refuse(exchange: Exchange, wait: number): typeof ANSWER {
  exchange.status = 429;
  exchange.grpcStatus = RESOURCE_EXHAUSTED;
  exchange.verdict = 'limited';
  exchange.editResponse().set('retry-after', String(Math.ceil(wait / 1000)));
  return ANSWER;
}
