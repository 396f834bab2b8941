import { afterEach, describe, expect, test } from 'vitest';
import { Authenticators, authenticationFault } from '../../../../src/proxy/auth/authenticators.ts';
import { Ticker } from '../../../../src/proxy/ticker.ts';
import { issuer, issuerName } from './support.ts';

const hour = () => Math.floor(Date.now() / 1000) + 3_600;

interface ProviderFields {
  readonly issuer?: string;
  readonly inline?: string;
  readonly url?: string;
  readonly file?: string;
  readonly fromHeader?: string;
  readonly forward?: boolean;
  readonly claimHeaders?: { readonly claim: string; readonly header: string }[];
}

function provider(fields: ProviderFields) {
  return {
    issuer: issuerName,
    audiences: [],
    cacheMs: 0,
    claimHeaders: [{ claim: 'sub', header: 'x-user' }],
    fromHeader: '',
    forward: false,
    ...fields,
  };
}

describe('an authenticator', () => {
  const tickers: Ticker[] = [];
  afterEach(() => {
    for (const ticker of tickers.splice(0)) ticker.stop();
  });

  function authenticatorOf(required: boolean, ...jwt: ReturnType<typeof provider>[]) {
    const ticker = new Ticker();
    tickers.push(ticker);
    const message = { jwt, required };
    expect(authenticationFault(message)).toBeUndefined();
    const found = new Authenticators(ticker, () => {}).authenticator(message);
    return (headers: Readonly<Record<string, string>>) => found.authenticate({ header: (name) => headers[name] });
  }

  test('asks for a token only when one is required', async () => {
    const { jwks: inline } = await issuer();
    expect(authenticatorOf(false, provider({ inline }))({})).toEqual({ kind: 'verified', fields: [], consumed: [] });
    const refused = { kind: 'refused', status: 401, challenge: 'Bearer' };
    expect(authenticatorOf(true, provider({ inline }))({})).toMatchObject(refused);
    expect(authenticatorOf(true, provider({ inline }))({ authorization: 'Basic YTpi' })).toMatchObject(refused);
  });

  test.each([true, false])('refuses a bad token (required: %s)', async (required) => {
    const { jwks: inline } = await issuer();
    const ask = authenticatorOf(required, provider({ inline }));
    for (const authorization of ['Bearer x', 'bearer a.b.c', 'Bearer ', 'Bearer a.b.c,Bearer d.e.f']) {
      expect(await ask({ authorization })).toMatchObject({
        kind: 'refused',
        status: 401,
        challenge: 'Bearer error="invalid_token"',
      });
    }
  });

  test('takes tokens of several issuers from several headers, all of which must be good', async () => {
    const [a, b] = [await issuer(), await issuer()];
    const ask = authenticatorOf(
      true,
      provider({ inline: a.jwks }),
      provider({ inline: b.jwks, issuer: 'b', fromHeader: 'x-token', claimHeaders: [{ claim: 'g', header: 'x-g' }] }),
    );
    const tokenA = await a.sign({ sub: 'ann', exp: hour() });
    const tokenB = await b.sign({ iss: 'b', g: 'staff', exp: hour() });
    expect(await ask({ authorization: `Bearer ${tokenA}`, 'x-token': tokenB })).toEqual({
      kind: 'verified',
      fields: [
        ['x-user', 'ann'],
        ['x-g', 'staff'],
      ],
      consumed: ['authorization', 'x-token'],
    });
    expect(await ask({ 'x-token': tokenB })).toMatchObject({ kind: 'verified', fields: [['x-g', 'staff']] });
    expect(await ask({ authorization: `Bearer ${tokenA}`, 'x-token': tokenA })).toMatchObject({ status: 401 });
    expect(await ask({ authorization: `Bearer ${tokenB}` })).toMatchObject({ status: 401 });
  });

  test('leaves a token that is to be forwarded', async () => {
    const from = await issuer();
    const ask = authenticatorOf(true, provider({ inline: from.jwks, forward: true }));
    const authorization = `Bearer ${await from.sign({ exp: hour() })}`;
    expect(await ask({ authorization })).toMatchObject({ kind: 'verified', consumed: [] });
  });

  test('answers 503 while there are no keys', async () => {
    const from = await issuer();
    const ask = authenticatorOf(false, provider({ url: 'http://127.0.0.1:9/keys' }));
    const authorization = `Bearer ${await from.sign({ exp: hour() })}`;
    expect(await ask({ authorization })).toMatchObject({ kind: 'refused', status: 503, challenge: '' });
  });

  test('is kept while its configuration says the same', async () => {
    const ticker = new Ticker();
    tickers.push(ticker);
    const all = new Authenticators(ticker, () => {});
    const { jwks: inline } = await issuer();
    const apply = (required: boolean) => {
      const found = all.authenticator({ jwt: [provider({ inline })], required });
      all.commit();
      return found;
    };
    const first = apply(true);
    expect(apply(true)).toBe(first);
    expect(apply(false)).not.toBe(first);
  });
});

describe('configuration of authentication', () => {
  test.each<[ProviderFields, string]>([
    [{ issuer: '', inline: '{"keys":[]}' }, 'issuer'],
    [{ inline: '{}' }, 'inline'],
    [{ url: 'file:///etc/passwd' }, 'url'],
    [{}, 'jwks'],
    [{ inline: '{"keys":[]}', fromHeader: 'X-Token' }, 'from_header'],
    [{ inline: '{"keys":[]}', claimHeaders: [{ claim: 'a', header: 'content-length' }] }, 'claim_headers'],
    [{ inline: '{"keys":[]}', claimHeaders: [{ claim: 'a', header: 'x-forwarded-client-cert' }] }, 'claim_headers'],
    [{ inline: '{"keys":[]}', claimHeaders: [{ claim: 'a', header: 'authorization' }] }, 'claim_headers'],
  ])('%j is refused', (fields, where) => {
    expect(authenticationFault({ jwt: [provider(fields)], required: false })).toContain(`jwt[0].${where}`);
  });

  test('names somebody', () => {
    expect(authenticationFault({ jwt: [], required: true })).toBe('jwt: empty');
  });
});
