import { hash } from 'node:crypto';
import { decodeJwt, errors, type JWTPayload, jwtVerify } from 'jose';
import { limits } from '../limits.ts';
import { type ClaimField, type ClaimHeaders, claimFields } from './claims.ts';
import type { KeySet } from './key-set.ts';
import type { Keys } from './keys.ts';

/** Whose tokens count, and what of them is told to the program. */
export interface Provider {
  readonly issuer: string;
  /** A token must name one of them; empty: whatever it names. */
  readonly audiences: readonly string[];
  readonly keys: Keys;
  readonly claimHeaders: ClaimHeaders;
  /** Whether the token goes on to the program. */
  readonly forward: boolean;
}

export interface Verified {
  readonly kind: 'verified';
  readonly fields: readonly ClaimField[];
  /** Headers that do not go on: that of the token, unless it is forwarded. */
  readonly consumed: readonly string[];
}

/** `invalid`: the token proves nothing. `unavailable`: nobody can tell now. The reason is for logs. */
export interface Unverified {
  readonly kind: 'invalid' | 'unavailable';
  readonly reason: string;
}

export type Verification = Verified | Unverified;

/** Signatures that only the issuer can make: never `none`, and no shared secrets (RFC 8725 section 3.1). */
const algorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

interface Remembered {
  readonly verified: Verified;
  /** Milliseconds since the epoch. */
  readonly until: number;
  readonly keys: Keys;
  /** What verified it; another set, or none, and it must be verified again. */
  readonly keySet: KeySet;
}

/** Verifies the tokens of some issuers, and remembers those that were good until they end. */
export class TokenVerifier {
  readonly #header: string;
  readonly #providers: readonly Provider[];
  readonly #clock: () => number;
  /** By hash, the least recently used first. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #underway = new Map<string, Promise<Verification>>();

  /** `header`: where the tokens are. `clock`: milliseconds since the epoch. */
  constructor(header: string, providers: readonly Provider[], clock: () => number) {
    this.#header = header;
    this.#providers = providers;
    this.#clock = clock;
  }

  /** At once for a token that was verified before. Never rejects. */
  verify(token: string): Verification | Promise<Verification> {
    if (token.length > limits.tokenBytes) return { kind: 'invalid', reason: 'too long' };
    const key = hash('sha256', token, 'base64');
    const known = this.#recall(key);
    if (known !== undefined) return known;
    const underway = this.#underway.get(key);
    if (underway !== undefined) return underway;
    if (this.#underway.size >= limits.tokensUnderWay) return { kind: 'unavailable', reason: 'too many tokens' };
    const verification = this.#verify(token, key).finally(() => this.#underway.delete(key));
    this.#underway.set(key, verification);
    return verification;
  }

  #recall(key: string): Verified | undefined {
    const found = this.#remembered.get(key);
    if (found === undefined) return undefined;
    this.#remembered.delete(key);
    if (this.#clock() >= found.until || found.keys.current() !== found.keySet) return undefined;
    this.#remembered.set(key, found);
    return found.verified;
  }

  async #verify(token: string, key: string): Promise<Verification> {
    const issuer = issuerOf(token);
    let answer: Unverified = { kind: 'invalid', reason: 'not a token of a known issuer' };
    for (const provider of this.#providers) {
      if (provider.issuer !== issuer) continue;
      const checked = await check(token, provider, this.#clock());
      if ('payload' in checked) return this.#remember(key, provider, checked);
      if (answer.kind === 'invalid') answer = checked;
    }
    return answer;
  }

  #remember(key: string, { keys, claimHeaders, forward }: Provider, { payload, keySet }: Checked): Verified {
    const consumed = forward ? [] : [this.#header];
    const verified = { kind: 'verified', fields: claimFields(payload, claimHeaders), consumed } as const;
    const until = (payload.exp! + limits.tokenSkewSeconds) * 1000;
    this.#remembered.set(key, { verified, until, keys, keySet });
    if (this.#remembered.size > limits.tokensRemembered) {
      for (const oldest of this.#remembered.keys()) {
        this.#remembered.delete(oldest);
        break;
      }
    }
    return verified;
  }
}

interface Checked {
  readonly payload: JWTPayload;
  readonly keySet: KeySet;
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    return undefined;
  }
}

/** With the keys that are there; with newer ones when they have no key of the token's name. */
async function check(token: string, provider: Provider, now: number): Promise<Checked | Unverified> {
  const { keys } = provider;
  if (keys.current() === undefined) await keys.refresh();
  const first = await checkWith(keys.current(), token, provider, now);
  if (!('unknownKey' in first)) return first;
  await keys.refresh();
  return checkWith(keys.current(), token, provider, now);
}

async function checkWith(
  keySet: KeySet | undefined,
  token: string,
  { issuer, audiences }: Provider,
  now: number,
): Promise<Checked | (Unverified & { readonly unknownKey?: true })> {
  if (keySet === undefined) return { kind: 'unavailable', reason: `no keys of ${issuer}` };
  const options = {
    algorithms,
    issuer,
    ...(audiences.length === 0 ? {} : { audience: [...audiences] }),
    clockTolerance: limits.tokenSkewSeconds,
    currentDate: new Date(now),
    requiredClaims: ['exp'],
  };
  try {
    const { payload } = await jwtVerify(token, keySet, options);
    return { payload, keySet };
  } catch (error) {
    if (error instanceof errors.JWKSMultipleMatchingKeys) {
      for await (const key of error) {
        const tried = await jwtVerify(token, key, options).catch(() => undefined);
        if (tried !== undefined) return { payload: tried.payload, keySet };
      }
    }
    const reason = error instanceof errors.JOSEError ? `${error.code}: ${error.message}` : 'not a token';
    return { kind: 'invalid', reason, ...(error instanceof errors.JWKSNoMatchingKey ? { unknownKey: true } : {}) };
  }
}
