import { expect, test, vi } from 'vitest';
import { Credentials } from '../../../src/control/credentials.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import { type Authority, createAuthority, LiveAuthority, type Svid } from '../../../src/identity/authority.ts';
import { readSigner, selfSignedCredential } from '../../../src/identity/credential.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';

const trustDomain = 'cluster.local';
const shop = spiffeId(trustDomain, 'default', 'shop');

test('a credential that cannot be made is reported with its holder, and asked for again', async () => {
  const failed = Promise.withResolvers<Diagnostic>();
  const issued = Promise.withResolvers<string>();
  let attempts = 0;
  const real = await createAuthority({ trustDomain });
  const authority: Authority = {
    trustDomain,
    trustBundle: real.trustBundle,
    notAfter: real.notAfter,
    issue: (...wanted) => (attempts++ === 0 ? Promise.reject(new Error('the key is locked')) : real.issue(...wanted)),
    signRequest: (...wanted) => real.signRequest(...wanted),
    onTrustChange: (listener) => real.onTrustChange(listener),
  };
  const credentials = new Credentials({
    authority,
    lifetimeSeconds: 0.2,
    onIssued: (holder) => issued.resolve(holder),
    onFailed: failed.resolve,
  });
  try {
    credentials.want('default/shop', shop);
    expect(await failed.promise).toMatchObject({
      code: 'SMI6004',
      message: 'no certificate for default/shop: the key is locked',
    });
    expect(await issued.promise).toBe('default/shop');
  } finally {
    credentials.stop();
  }
});

test('holders have new roots at once, with the certificate that they hold; who is gone gets both on return', async () => {
  const [old, next] = await Promise.all([credential(), credential()]);
  const authority = new LiveAuthority(trustDomain, await signerOf(old));
  const issued: [string, Svid][] = [];
  const credentials = new Credentials({
    authority,
    lifetimeSeconds: 3600,
    onIssued: (holder, _, svid) => issued.push([holder, svid]),
    onFailed: ({ message }) => expect.unreachable(message),
  });
  try {
    credentials.want('default/shop', shop);
    credentials.want('default/gone', shop);
    await vi.waitFor(() => expect(issued).toHaveLength(2));
    credentials.release('default/gone');
    authority.replace(await signerOf({ ...old, trustBundle: old.trustBundle + next.trustBundle }));
    expect(issued.slice(2)).toEqual([
      [
        'default/shop',
        { ...issued.find(([holder]) => holder === 'default/shop')?.[1], trustBundle: authority.trustBundle },
      ],
    ]);
    credentials.want('default/gone', shop);
    await vi.waitFor(() => expect(issued).toHaveLength(4));
    expect(issued[3]).toMatchObject(['default/gone', { trustBundle: old.trustBundle + next.trustBundle }]);
  } finally {
    credentials.stop();
  }
});

function credential() {
  return selfSignedCredential(trustDomain, { now: Date.now(), lifetimeSeconds: 86_400 });
}

async function signerOf(parts: Parameters<typeof readSigner>[1]) {
  const signer = await readSigner(trustDomain, parts);
  if (!signer.ok) throw new Error(signer.error);
  return signer.value;
}
