import type { JwtProvider as JwtProviderMessage } from '../../../generated/types/proxy/smi/proxy/v1/JwtProvider.ts';
import type { RateLimit as RateLimitMessage } from '../../../generated/types/proxy/smi/proxy/v1/RateLimit.ts';
import type { ServerPolicyLayer } from '../../../generated/types/proxy/smi/proxy/v1/ServerPolicyLayer.ts';
import type { JwtProvider, RateLimit } from '../../../src/model/policy.ts';
import type { InboundPolicy } from '../../../src/model/types.ts';
import { emitCoverage } from './request-policy.ts';
import { stated } from './stated.ts';

type Layer = NonNullable<InboundPolicy['policies']>[number];

/** What one policy asks of the requests that arrive at some container ports. */
export function emitServerLayer({ policy, ports, matches, fields }: Layer): ServerPolicyLayer {
  const { rateLimit, authentication } = fields;
  return {
    policy,
    ports: [...ports],
    ...emitCoverage(matches),
    ...stated({
      rateLimit: rateLimit && emitRateLimit(rateLimit),
      authentication: authentication && {
        jwt: authentication.jwt.map(emitProvider),
        required: authentication.required,
      },
    }),
  };
}

function emitRateLimit({ requests, period, burst, per }: RateLimit): RateLimitMessage {
  const limit = { requests, periodMs: period, burst };
  if (per === 'all') return { ...limit, all: true };
  return per === 'identity' ? { ...limit, identity: true } : { ...limit, header: per.header };
}

function emitProvider(provider: JwtProvider): JwtProviderMessage {
  const { issuer, audiences, jwks, cache, claimHeaders, fromHeader, forward } = provider;
  return {
    issuer,
    audiences: [...audiences],
    ...jwks,
    cacheMs: cache,
    claimHeaders: Object.entries(claimHeaders).map(([claim, header]) => ({ claim, header })),
    ...stated({ fromHeader }),
    forward,
  };
}
