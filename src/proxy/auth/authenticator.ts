import type { Keys } from './keys.ts';
import type { TokenVerifier, Unverified, Verification, Verified } from './verifier.ts';

/** Where tokens of some issuers are found. */
export interface TokenSource {
  /** Lower case. */
  readonly header: string;
  /** `Bearer TOKEN` (RFC 6750 section 2.1) instead of the bare token; another scheme is no token. */
  readonly bearer: boolean;
  readonly verifier: TokenVerifier;
}

/** A request, as far as tokens are concerned. */
export interface TokenCarrier {
  /** The value of a lower-case name. */
  header(name: string): string | undefined;
}

export interface Refused {
  readonly kind: 'refused';
  readonly status: 401 | 503;
  /** For `www-authenticate`; empty for 503. */
  readonly challenge: string;
  /** For logs. */
  readonly reason: string;
}

/** `verified` without fields where no token is required and none came. */
export type Authentication = Verified | Refused;

const anonymous: Verified = { kind: 'verified', fields: [], consumed: [] };
const missing: Refused = { kind: 'refused', status: 401, challenge: 'Bearer', reason: 'no token' };

/** What one policy asks of the end user of a request. Every token that is there must be good. */
export class Authenticator {
  readonly #required: boolean;
  readonly #sources: readonly TokenSource[];
  /** Of all its issuers. */
  readonly keys: readonly Keys[];

  constructor(required: boolean, sources: readonly TokenSource[], keys: readonly Keys[]) {
    this.keys = keys;
    this.#required = required;
    this.#sources = sources;
  }

  /** At once when every token is known. */
  authenticate(request: TokenCarrier): Authentication | Promise<Authentication> {
    let found: (Verification | Promise<Verification>)[] | undefined;
    let only: Verification | Promise<Verification> | undefined;
    for (const { header: name, bearer, verifier } of this.#sources) {
      const value = request.header(name);
      const token = value === undefined || !bearer ? value : bearerToken(value);
      if (token === undefined) continue;
      const verification = verifier.verify(token);
      if (only === undefined) only = verification;
      else {
        found ??= [only];
        found.push(verification);
      }
    }
    if (only === undefined) return this.#required ? missing : anonymous;
    if (found !== undefined) return Promise.all(found).then(combined);
    return only instanceof Promise ? only.then(outcome) : outcome(only);
  }
}

function bearerToken(value: string): string | undefined {
  return /^bearer +/i.test(value) ? value.slice(6).trim() : undefined;
}

function outcome(verification: Verification): Authentication {
  return verification.kind === 'verified' ? verification : refusal(verification);
}

/** A bad token is bad even while nobody can tell about another. */
function combined(all: readonly Verification[]): Authentication {
  const verified: Verified[] = [];
  let refused: Refused | undefined;
  for (const one of all) {
    if (one.kind === 'verified') verified.push(one);
    else if (refused === undefined || one.kind === 'invalid') refused = refusal(one);
  }
  if (refused !== undefined) return refused;
  return {
    kind: 'verified',
    fields: verified.flatMap(({ fields }) => fields),
    consumed: verified.flatMap(({ consumed }) => consumed),
  };
}

function refusal({ kind, reason }: Unverified): Refused {
  return kind === 'unavailable'
    ? { kind: 'refused', status: 503, challenge: '', reason }
    : { kind: 'refused', status: 401, challenge: 'Bearer error="invalid_token"', reason };
}
