import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/identity/authority.ts';
import { spiffeId } from '../../../src/lib/spiffe.ts';
import { showCertificate } from '../../../src/telemetry/certificate.ts';
import { renderText } from '../../../src/telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../../src/telemetry/registry.ts';

test('the life of a certificate is that of the one in use now', async () => {
  const registry = new MetricsRegistry();
  let chain: string | undefined;
  showCertificate(registry, () => chain);
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(renderText(registry))?.[1]);
  const names = ['smi_certificate_issued_timestamp_seconds', 'smi_certificate_expiry_timestamp_seconds'] as const;
  expect(names.map(value)).toEqual([0, 0]);
  const authority = await createAuthority({ trustDomain: 'cluster.local' });
  const identity = spiffeId('cluster.local', 'default', 'shop');
  chain = (await authority.issue(identity, { lifetimeSeconds: 3_600 })).certificateChain;
  const [issued = 0, expiry = 0] = names.map(value);
  expect(issued).toBeLessThanOrEqual(Date.now() / 1_000);
  expect(expiry).toBeGreaterThan(Date.now() / 1_000 + 3_000);
  chain = 'no certificate';
  expect(names.map(value)).toEqual([0, 0]);
});
