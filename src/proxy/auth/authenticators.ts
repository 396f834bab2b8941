import type { Authentication__Output } from '../../../generated/types/proxy/smi/proxy/v1/Authentication.ts';
import type { JwtProvider__Output } from '../../../generated/types/proxy/smi/proxy/v1/JwtProvider.ts';
import { limits } from '../limits.ts';
import { Kept } from '../policy/kept.ts';
import type { Ticker } from '../ticker.ts';
import { Authenticator } from './authenticator.ts';
import { parseKeySet } from './key-set.ts';
import { fixedKeys, type Keys, LoadedKeys } from './keys.ts';
import { isKeyUrl, keysFromFile, keysFromUrl } from './load-keys.ts';
import { type Provider, TokenVerifier } from './verifier.ts';

/** What is wrong with an authentication, as `field: reason`. */
export function authenticationFault({ jwt }: Authentication__Output): string | undefined {
  if (jwt.length === 0) return 'jwt: empty';
  const tokenHeaders = jwt.map(tokenHeader);
  for (const [index, provider] of jwt.entries()) {
    const clash = provider.claimHeaders.find(({ header }) => tokenHeaders.includes(header));
    const fault = clash === undefined ? providerFault(provider) : `claim_headers: ${clash.header} holds a token`;
    if (fault !== undefined) return `jwt[${index}].${fault}`;
  }
  return undefined;
}

function providerFault({
  issuer,
  inline,
  file,
  url,
  claimHeaders,
  fromHeader,
}: JwtProvider__Output): string | undefined {
  if (issuer === '') return 'issuer: empty';
  if (fromHeader !== '' && !isFieldName(fromHeader)) return `from_header: ${JSON.stringify(fromHeader)} cannot be used`;
  for (const { claim, header } of claimHeaders) {
    if (claim === '' || !isFieldName(header)) return `claim_headers: ${JSON.stringify(header)} cannot be used`;
  }
  if (inline !== undefined) {
    const keys = parseKeySet(inline);
    return keys.ok ? undefined : `inline: ${keys.error}`;
  }
  if (url !== undefined) return isKeyUrl(url) ? undefined : 'url: not an http or https URL';
  return file === undefined || file === '' ? 'jwks: neither inline, file nor url' : undefined;
}

/** Fields that say how a message is framed, which connection it is for, or who the peer is. */
const reserved = new Set([
  ...['host', 'connection', 'keep-alive', 'proxy-connection', 'content-length', 'transfer-encoding', 'te', 'trailer'],
  ...['upgrade', 'expect', 'x-forwarded-client-cert'],
]);

function isFieldName(name: string): boolean {
  return /^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && !reserved.has(name) && !name.startsWith('x-smi-');
}

function tokenHeader({ fromHeader }: JwtProvider__Output): string {
  return fromHeader === '' ? 'authorization' : fromHeader;
}

/**
 * The authenticators of a proxy. Equal configuration keeps its authenticator, with the tokens that it knows; equal sources
 * of keys are loaded once.
 */
export class Authenticators {
  readonly #ticker: Ticker;
  readonly #log: (line: string) => void;
  readonly #authenticators = new Kept<Authenticator>();
  readonly #keys = new Map<string, LoadedKeys>();

  constructor(ticker: Ticker, log: (line: string) => void) {
    this.#ticker = ticker;
    this.#log = log;
  }

  /** The message must be without fault. */
  authenticator(message: Authentication__Output): Authenticator {
    return this.#authenticators.get(JSON.stringify(message), () => {
      const sources = message.jwt.map((provider) => ({ provider, keys: this.#keysOf(provider) }));
      return create(message.required, sources);
    });
  }

  /** A configuration is complete: what nobody asked for since the last one is forgotten. */
  commit(): void {
    this.#authenticators.commit();
    const used = new Set(this.#authenticators.values.flatMap(({ keys }) => keys));
    for (const [name, source] of this.#keys) {
      if (used.has(source)) continue;
      this.#ticker.remove(source);
      this.#keys.delete(name);
    }
  }

  #keysOf({ inline, file, url, cacheMs }: JwtProvider__Output): Keys {
    if (inline !== undefined) {
      const keys = parseKeySet(inline);
      if (!keys.ok) throw new Error(`validated keys do not parse: ${keys.error}`);
      return fixedKeys(keys.value);
    }
    const place = url ?? file ?? '';
    const name = `${url === undefined ? 'file' : 'url'} ${cacheMs} ${place}`;
    let source = this.#keys.get(name);
    if (source === undefined) {
      source = new LoadedKeys({
        load: url === undefined ? keysFromFile(place) : keysFromUrl(place),
        cacheMillis: cacheMs === 0 ? limits.jwksCacheMillis : cacheMs,
        now: () => performance.now(),
        report: (failure) =>
          this.#log(failure === undefined ? `keys of ${place} are there again` : `keys of ${place}: ${failure}`),
      });
      void source.refresh();
      this.#ticker.add(source);
      this.#keys.set(name, source);
    }
    return source;
  }
}

interface SourcedProvider {
  readonly provider: JwtProvider__Output;
  readonly keys: Keys;
}

function create(required: boolean, sources: readonly SourcedProvider[]): Authenticator {
  const byHeader = Map.groupBy(sources, ({ provider }) => tokenHeader(provider));
  const tokens = [...byHeader].map(([header, group]) => ({
    header,
    bearer: header === 'authorization',
    verifier: new TokenVerifier(header, group.map(providerOf), Date.now),
  }));
  return new Authenticator(
    required,
    tokens,
    sources.map(({ keys }) => keys),
  );
}

function providerOf({ provider: { issuer, audiences, claimHeaders, forward }, keys }: SourcedProvider): Provider {
  return { issuer, audiences, keys, claimHeaders, forward };
}
