import { isRecord } from '../../../src/lib/values.ts';
import type { JwtProvider } from '../../../src/model/policy.ts';
import type { WorkloadId } from '../../../src/model/types.ts';
import { jwksClusterName } from '../names.ts';
import { claimsFilter } from './claims.ts';
import { matchOf } from './match.ts';
import { any, type Message } from './message.ts';
import type { ServerLayer } from './server-layers.ts';
import { failureKey, type NamedProvider, tokenHeader } from './tokens.ts';

/** As our own proxy: how far an issuer's clock may be from ours, how many good tokens are remembered, and a fetch of keys. */
const limits = { clockSkewSeconds: 30, tokens: 4_096, fetch: '5s' } as const;

/** What is asked of end users at one port. */
export interface Authentication {
  /** In order; access is decided behind them. */
  readonly filters: readonly Message[];
  /** The headers that claims become, which no request brings along. */
  readonly owned: readonly string[];
}

/** Each policy asks in a filter of its own, so that a request has to content all that cover it. */
export function emitAuthentication(server: WorkloadId, layers: readonly ServerLayer[]): Authentication {
  const asked = layers.flatMap(({ name, layer }) => {
    const { authentication } = layer.fields;
    if (authentication === undefined) return [];
    const providers = authentication.jwt.map((jwt, index) => ({ name: `${name}#${index}`, jwt }));
    return [{ name, layer, providers, required: authentication.required }];
  });
  const providers = asked.flatMap((each) => each.providers);
  const owned = [...new Set(providers.flatMap(({ jwt }) => Object.values(jwt.claimHeaders)))].sort();
  // A token that one filter takes away would be missing at the next.
  const alone = asked.length < 2 && owned.length === 0;
  const filters = asked.map(({ name, layer, providers: own, required }) => {
    const requires = requirement(own, required);
    const matches = layer.matches === 'any' ? [{ prefix: '/' }] : layer.matches.map(matchOf);
    const config: Message = {
      providers: Object.fromEntries(own.map((provider) => [provider.name, emitProvider(server, provider, alone)])),
      rules: matches.map((match) => ({ match, requires })),
    };
    return {
      name: `authentication ${name}`,
      typedConfig: any('envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication', config),
    };
  });
  return { filters: alone ? filters : [...filters, claimsFilter(providers)], owned };
}

/** Every token that is there must be good; with tokens in several headers each is asked about apart. */
function requirement(providers: readonly NamedProvider[], required: boolean): Message {
  const byHeader = [...Map.groupBy(providers, ({ jwt }) => tokenHeader(jwt)).values()];
  const optional = byHeader.map((group) => anyOf([...group.map(provided), { allowMissing: {} }]));
  const [first] = optional;
  if (first !== undefined && optional.length === 1) return required ? anyOf(providers.map(provided)) : first;
  const requirements = [...(required ? [anyOf(providers.map(provided))] : []), ...optional];
  return { requiresAll: { requirements } };
}

function provided({ name }: NamedProvider): Message {
  return { providerName: name };
}

function anyOf(requirements: readonly Message[]): Message {
  return requirements.length === 1 ? { ...requirements[0] } : { requiresAny: { requirements } };
}

function emitProvider(server: WorkloadId, { name, jwt }: NamedProvider, alone: boolean): Message {
  return {
    issuer: jwt.issuer,
    audiences: jwt.audiences,
    requireExpiration: true,
    clockSkewSeconds: limits.clockSkewSeconds,
    ...keys(server, jwt),
    fromHeaders:
      jwt.fromHeader === undefined
        ? ['Bearer ', 'bearer '].map((valuePrefix) => ({ name: 'authorization', valuePrefix }))
        : [{ name: jwt.fromHeader }],
    jwtCacheConfig: { jwtCacheSize: limits.tokens },
    failedStatusInMetadata: failureKey,
    ...(alone ? { forward: jwt.forward } : { forward: true, payloadInMetadata: name }),
  };
}

function keys(server: WorkloadId, { jwks, cache }: JwtProvider): Message {
  if ('inline' in jwks) return { localJwks: { inlineString: usableKeys(jwks.inline) } };
  if ('file' in jwks) return { localJwks: { filename: jwks.file } };
  const httpUri = { uri: jwks.url, cluster: jwksClusterName(server, new URL(jwks.url).origin), timeout: limits.fetch };
  // In the background from the start; the port takes requests meanwhile.
  return { remoteJwks: { httpUri, cacheDuration: `${cache / 1_000}s`, asyncFetch: { fastListener: true } } };
}

/**
 * Envoy refuses a set without a key that it can use, where nobody should get in: this one signs nothing, for it is a text and
 * not half of a pair.
 */
const nobodysKey = {
  kty: 'OKP',
  crv: 'Ed25519',
  x: Buffer.from('nobody has the private half here').toString('base64url'),
} as const;

/** A shared secret proves nothing about who signed (RFC 8725 section 3.1), yet Envoy would take it. */
function usableKeys(text: string): string {
  const found = keysIn(text).filter((key) => isRecord(key) && key.kty !== 'oct');
  return JSON.stringify({ keys: [...found, nobodysKey] });
}

function keysIn(text: string): readonly unknown[] {
  try {
    const set: unknown = JSON.parse(text);
    return isRecord(set) && Array.isArray(set.keys) ? set.keys : [];
  } catch {
    return [];
  }
}

/** Envoy answers 403 to a token for another audience alone. */
export const audienceMapper: Message = {
  filter: {
    metadataFilter: {
      matcher: {
        filter: 'envoy.filters.http.jwt_authn',
        path: [{ key: failureKey }, { key: 'message' }],
        value: { stringMatch: { exact: 'Audiences in Jwt are not allowed' } },
      },
      matchIfKeyNotFound: false,
    },
  },
  statusCode: 401,
};
