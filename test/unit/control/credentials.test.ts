import { expect, test } from 'vitest';
import { Credentials } from '../../../src/control/credentials.ts';
import type { Diagnostic } from '../../../src/diagnostics/diagnostic.ts';
import type { Svid } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';

test('a credential that cannot be made is reported with its holder, and asked for again', async () => {
  const failed = Promise.withResolvers<Diagnostic>();
  const issued = Promise.withResolvers<string>();
  let attempts = 0;
  const authority = {
    issue: () => (attempts++ === 0 ? Promise.reject(new Error('the key is locked')) : Promise.resolve({} as Svid)),
  } as unknown as ConstructorParameters<typeof Credentials>[0]['authority'];
  const credentials = new Credentials({
    authority,
    lifetimeSeconds: 0.2,
    onIssued: (holder) => issued.resolve(holder),
    onFailed: failed.resolve,
  });
  try {
    credentials.want('default/shop', spiffeId('cluster.local', 'default', 'shop'));
    expect(await failed.promise).toMatchObject({
      code: 'SMI6004',
      message: 'no certificate for default/shop: the key is locked',
    });
    expect(await issued.promise).toBe('default/shop');
  } finally {
    credentials.stop();
  }
});
