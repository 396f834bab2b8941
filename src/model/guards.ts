import type { Origin } from '../diagnostics/origin.ts';
import { type MatchedRequest, mismatch } from './match.ts';
import type { Authentication, PolicyLayer, RateLimit } from './policy.ts';
import { specField } from './policy-fields.ts';
import type { InboundPolicy } from './types.ts';

/** What TrafficPolicies ask of a request at a container port. */
export interface Guard {
  /** `NAMESPACE/NAME` of the TrafficPolicy. */
  readonly policy: string;
  readonly authentication?: Authentication;
  readonly rateLimit?: RateLimit;
  readonly origins: readonly Origin[];
}

/** Whether a policy keeps anybody out: by grants, or by tokens. */
export function restricts({ mode, policies }: InboundPolicy): boolean {
  return mode === 'deny' || policies?.some(({ fields }) => fields.authentication !== undefined) === true;
}

/** Those of all layers that cover a request: each applies. */
export function guardsOf({ policies }: InboundPolicy, port: number, http: MatchedRequest): readonly Guard[] {
  if (policies === undefined) return [];
  return policies
    .filter(({ ports, matches }) => ports.includes(port) && covers(matches, http))
    .map(({ policy, fields, origins }) => {
      const stated = Object.keys(fields).map((field) => `spec.${specField(field)}`);
      return { policy, ...fields, origins: origins.filter(({ path }) => stated.includes(path)) };
    });
}

/** Whether a layer is about a request. */
export function covers(matches: PolicyLayer<unknown>['matches'], http: MatchedRequest): boolean {
  return matches === 'any' || matches.some((match) => mismatch(match, http) === undefined);
}

/** Whether a request carries no token that an authentication would look at. */
export function lacksToken({ jwt }: Authentication, { headers }: MatchedRequest): boolean {
  return !jwt.some(({ fromHeader }) => {
    if (fromHeader !== undefined) return Object.hasOwn(headers, fromHeader);
    const value = Object.hasOwn(headers, 'authorization') ? headers.authorization : undefined;
    return typeof value === 'string' && /^bearer +/i.test(value);
  });
}

/**
 * The request as grants see it. A client's copies of headers that hold claims are removed; with a token those that the
 * question has stand for the claims of the token, which nobody here can read.
 */
export function withClaims(guards: readonly Guard[], http: MatchedRequest): MatchedRequest {
  const forged = guards.flatMap(({ authentication }) =>
    authentication !== undefined && lacksToken(authentication, http)
      ? authentication.jwt.flatMap(({ claimHeaders }) => Object.values(claimHeaders))
      : [],
  );
  if (forged.length === 0) return http;
  const headers = Object.fromEntries(Object.entries(http.headers).filter(([name]) => !forged.includes(name)));
  return { ...http, headers };
}
