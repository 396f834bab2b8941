import { ok } from '../lib/result.ts';
import type { CredentialMaker } from './cluster-authority.ts';
import { selfSignedCredential } from './credential.ts';

const yearSeconds = 365 * 86_400;
/** A rotation takes two lives of a certificate and begins when a third of the authority's own is left. */
const leastLives = 12;

/** Roots of our own. They live a year, since they are replaced without anybody's doing. */
export function selfSigned(trustDomain: string, lifeSeconds: number, clock: () => number = Date.now): CredentialMaker {
  const lifetimeSeconds = Math.max(yearSeconds, leastLives * lifeSeconds);
  return async () => ok(await selfSignedCredential(trustDomain, { now: clock(), lifetimeSeconds }));
}
