import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type KeySet, parseKeySet } from '../../../../src/proxy/auth/key-set.ts';
import { fixedKeys, type Keys } from '../../../../src/proxy/auth/keys.ts';
import { type Provider, TokenVerifier } from '../../../../src/proxy/auth/verifier.ts';
import { limits } from '../../../../src/proxy/limits.ts';
import { epoch, type Issuer, issuer, issuerName } from './support.ts';

function keySet(jwks: string): KeySet {
  const parsed = parseKeySet(jwks);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function verifierOf({ jwks }: Pick<Issuer, 'jwks'>, fields: Partial<Provider> = {}, clock = () => epoch * 1000) {
  const provider: Provider = {
    issuer: issuerName,
    audiences: ['store'],
    keys: fixedKeys(keySet(jwks)),
    claimHeaders: [{ claim: 'sub', header: 'x-user' }],
    forward: false,
    ...fields,
  };
  return new TokenVerifier('authorization', [provider], clock);
}

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const good = { iss: issuerName, aud: 'store', exp: epoch + 60, sub: 'ann' };

describe('a token', () => {
  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'])(
    'signed with %s by a key of the issuer is good',
    async (alg) => {
      const from = await issuer(alg);
      const verified = await verifierOf(from).verify(await from.sign({ sub: 'ann' }));
      expect(verified).toEqual({ kind: 'verified', fields: [['x-user', 'ann']], consumed: ['authorization'] });
    },
  );

  test('that was verified before is known at once, until it ends', async () => {
    const from = await issuer();
    let now = epoch;
    const verifier = verifierOf(from, {}, () => now * 1000);
    const token = await from.sign();
    expect(verifier.verify(token)).toBeInstanceOf(Promise);
    await verifier.verify(token);
    expect(verifier.verify(token)).toMatchObject({ kind: 'verified' });
    now = epoch + 60 + limits.tokenSkewSeconds - 1;
    expect(verifier.verify(token)).toMatchObject({ kind: 'verified' });
    now = epoch + 60 + limits.tokenSkewSeconds;
    expect(await verifier.verify(token)).toMatchObject({ kind: 'invalid' });
  });

  test('is verified anew when the keys have changed, and no longer good when its key is gone', async () => {
    const [old, renewed] = [await issuer('ES256', 'old'), await issuer('ES256', 'new')];
    let current: KeySet | undefined = keySet(old.jwks);
    const keys: Keys = { current: () => current, refresh: () => Promise.resolve() };
    const verifier = verifierOf(old, { keys });
    const token = await old.sign();
    await verifier.verify(token);
    current = keySet(renewed.jwks);
    expect(await verifier.verify(token)).toMatchObject({ kind: 'invalid' });
    current = undefined;
    expect(await verifier.verify(token)).toMatchObject({ kind: 'unavailable' });
  });

  test('is verified once although several requests bring it at a time', async () => {
    const from = await issuer();
    const verifier = verifierOf(from);
    const token = await from.sign();
    expect(verifier.verify(token)).toBe(verifier.verify(token));
  });

  test('of a key that is not there yet makes the keys be asked for once more', async () => {
    const [old, renewed] = [await issuer('ES256', 'old'), await issuer('ES256', 'new')];
    let current = keySet(old.jwks);
    let asked = 0;
    const keys: Keys = {
      current: () => current,
      refresh: async () => {
        asked++;
        current = keySet(renewed.jwks);
      },
    };
    const verifier = verifierOf(old, { keys });
    expect(await verifier.verify(await renewed.sign())).toMatchObject({ kind: 'verified' });
    expect(asked).toBe(1);
  });

  test('is good when one of several keys without names verifies it', async () => {
    const [a, b] = [await issuer(), await issuer()];
    const keys = [a, b].flatMap(({ jwks }) => JSON.parse(jwks).keys).map(({ kid: _, ...key }) => key);
    const verifier = verifierOf({ jwks: JSON.stringify({ keys }) });
    expect(await verifier.verify(await a.sign({}, 'nameless'))).toMatchObject({ kind: 'verified' });
    expect(await verifier.verify(await b.sign({}, 'nameless'))).toMatchObject({ kind: 'verified' });
    expect(await verifier.verify(await (await issuer()).sign({}, 'nameless'))).toMatchObject({ kind: 'invalid' });
  });

  test('is held to its audience unless none is asked for', async () => {
    const from = await issuer();
    const token = await from.sign({ aud: ['bank', 'other'] });
    expect(await verifierOf(from).verify(token)).toMatchObject({ kind: 'invalid' });
    expect(await verifierOf(from, { audiences: ['x', 'bank'] }).verify(token)).toMatchObject({ kind: 'verified' });
    expect(await verifierOf(from, { audiences: [] }).verify(token)).toMatchObject({ kind: 'verified' });
  });

  test('is held to its times, give or take the skew of clocks', async () => {
    const from = await issuer();
    const at = async (claims: Readonly<Record<string, unknown>>) =>
      (await verifierOf(from).verify(await from.sign(claims))).kind;
    const { tokenSkewSeconds: skew } = limits;
    expect(await at({ exp: epoch - skew + 5 })).toBe('verified');
    expect(await at({ exp: epoch - skew - 1 })).toBe('invalid');
    expect(await at({ nbf: epoch + skew - 5 })).toBe('verified');
    expect(await at({ nbf: epoch + skew + 5 })).toBe('invalid');
    expect(await at({ exp: undefined })).toBe('invalid');
    expect(await at({ exp: 'soon' })).toBe('invalid');
  });

  test.each<[string, (from: Issuer) => string | Promise<string>]>([
    ['no token', () => 'no token'],
    ['nothing', () => ''],
    ['without signature', () => `${part({ alg: 'none' })}.${part(good)}.`],
    ['of another issuer', (from) => from.sign({ iss: 'https://other.example' })],
    ['without issuer', (from) => from.sign({ iss: undefined })],
    ['signed by another key of the same name', async () => (await issuer()).sign()],
    [
      'with the public key as a shared secret',
      (from) => {
        const head = `${part({ alg: 'HS256', kid: 'one' })}.${part(good)}`;
        const mac = createHmac('sha256', JSON.stringify(JSON.parse(from.jwks).keys[0]))
          .update(head)
          .digest('base64url');
        return `${head}.${mac}`;
      },
    ],
    ['with another payload', async (from) => (await from.sign()).replace(/\..*\./, `.${part(good)}.`)],
    ['that asks for an unknown extension', () => `${part({ alg: 'ES256', crit: ['b64x'], b64x: 1 })}.${part(good)}.AA`],
    ['that is too long', (from) => from.sign({ pad: 'x'.repeat(limits.tokenBytes) })],
  ])('%s is bad', async (_name, make) => {
    const from = await issuer();
    expect(await verifierOf(from).verify(await make(from))).toMatchObject({ kind: 'invalid' });
  });

  test('signed with a shared secret is bad although the key set has the secret', async () => {
    const k = Buffer.from('0123456789abcdef0123456789abcdef');
    const head = `${part({ alg: 'HS256', kid: 's' })}.${part(good)}`;
    const token = `${head}.${createHmac('sha256', k).update(head).digest('base64url')}`;
    const jwks = JSON.stringify({ keys: [{ kty: 'oct', kid: 's', k: k.toString('base64url') }] });
    expect(await verifierOf({ jwks }).verify(token)).toMatchObject({ kind: 'invalid' });
  });

  test('is forgotten when many others came since', async () => {
    const from = await issuer('EdDSA');
    const verifier = verifierOf(from);
    const first = await from.sign({ jti: 'first' });
    await verifier.verify(first);
    const rest = Array.from({ length: limits.tokensRemembered }, (_, jti) => from.sign({ jti: String(jti) }));
    for (const token of rest) await verifier.verify(await token);
    expect(verifier.verify(first)).toBeInstanceOf(Promise);
    expect(verifier.verify(await rest.at(-1)!)).toMatchObject({ kind: 'verified' });
  }, 60_000);
});

describe('claims', () => {
  test.each([
    ['a text', 'ann', 'ann'],
    ['a number', 7, '7'],
    ['a truth value', true, 'true'],
    ['a list', ['staff', 'admin', 3], 'staff,admin,3'],
    ['a list with a comma', ['staff,admin'], undefined],
    ['an empty list', [], undefined],
    ['a list of lists', [['a']], undefined],
    ['an object', { a: 1 }, undefined],
    ['nothing', null, undefined],
    ['an empty text', '', undefined],
    ['a line break', 'a\r\nx-admin: true', undefined],
    ['text beyond ASCII', 'Jörg', undefined],
    ['space around', ' ann', undefined],
  ])('that are %s', async (_name, value, header) => {
    const from = await issuer();
    const verifier = verifierOf(from, { claimHeaders: [{ claim: 'c', header: 'x-c' }] });
    const fields = header === undefined ? [] : [['x-c', header]];
    expect(await verifier.verify(await from.sign({ c: value }))).toMatchObject({ kind: 'verified', fields });
  });
});
