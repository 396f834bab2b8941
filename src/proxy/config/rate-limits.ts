import { createHash } from 'node:crypto';
import { limits } from '../limits.ts';
import type { PolicyMemory } from '../policy/memory.ts';
import type { RateLimit } from '../policy/rate-limit.ts';
import { RateLimiter } from '../policy/rate-limiter.ts';
import type { Exchange } from '../routing/exchange.ts';
import { coverageOf } from './policies.ts';
import type { Messages } from './resources.ts';

/** The limits on requests to one container port. What they have counted stays as long as the policy does. */
export function rateLimits(
  { policies }: Messages['InboundPolicy'],
  port: number,
  { limiters }: PolicyMemory,
): readonly RateLimit<Exchange>[] {
  return policies.flatMap((layer): RateLimit<Exchange>[] => {
    const { rateLimit, policy, ports } = layer;
    if (rateLimit === null || !ports.includes(port)) return [];
    const { requests, periodMs, burst, header } = rateLimit;
    const key = JSON.stringify([port, policy, layer.any, layer.matches, rateLimit]);
    const limiter = limiters.get(key, () => new RateLimiter(requests, periodMs, burst, limits.rateLimitKeys));
    return [{ policy, covers: coverageOf(layer), keyOf: keyOf(header, rateLimit.identity === true), limiter }];
  });
}

function keyOf(header: string | undefined, identity: boolean): RateLimit<Exchange>['keyOf'] {
  if (header !== undefined) return (exchange) => ownKey(exchange.header(header) ?? '');
  return identity ? ({ peer }) => peer : () => '';
}

/** A key that holds nothing else in memory: a value may be long, and part of the text of a whole head. */
function ownKey(value: string): string {
  if (value.length > limits.rateLimitKeyBytes) return createHash('sha256').update(value, 'latin1').digest('base64');
  return Buffer.from(value, 'latin1').toString('latin1');
}
