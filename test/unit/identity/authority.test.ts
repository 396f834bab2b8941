import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAuthority, LiveAuthority } from '../../../src/identity/authority.ts';
import { readSigner, selfSignedCredential } from '../../../src/identity/credential.ts';
import { createRequest, readRequest } from '../../../src/identity/request.ts';
import { peerSpiffeId, spiffeId } from '../../../src/lib/spiffe.ts';
import { certificatesOf, intermediateOf } from '../../support/intermediate.ts';

const trustDomain = 'cluster.local';
const web = spiffeId(trustDomain, 'default', 'web');

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'smi-authority-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

describe('an issued certificate', () => {
  it('names exactly the identity, is signed by the trust bundle and cannot sign others', async () => {
    const authority = await createAuthority({ trustDomain });
    const svid = await authority.issue(web);
    const leaf = new X509Certificate(svid.certificateChain);
    const root = new X509Certificate(svid.trustBundle);
    expect(leaf.subjectAltName).toBe(`URI:${web}`);
    expect(peerSpiffeId(leaf.subjectAltName)).toBe(web);
    expect(leaf.ca).toBe(false);
    expect(root.ca).toBe(true);
    expect(leaf.verify(root.publicKey)).toBe(true);
    expect(leaf.checkIssued(root)).toBe(true);
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    expect(() => createSecureContext({ cert: svid.certificateChain, key: svid.privateKey })).not.toThrow();
    expect(svid.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/);
  });

  it('begins ten minutes back and lives as long as asked, a day by default', async () => {
    const authority = await createAuthority({ trustDomain });
    const now = Date.now();
    const day = new X509Certificate((await authority.issue(web)).certificateChain);
    expect(Math.abs(day.validFromDate.getTime() - (now - 600_000))).toBeLessThan(30_000);
    expect(Math.abs(day.validToDate.getTime() - (now + 86_400_000))).toBeLessThan(30_000);
    const short = new X509Certificate((await authority.issue(web, { lifetimeSeconds: 90 })).certificateChain);
    expect(Math.abs(short.validToDate.getTime() - (now + 90_000))).toBeLessThan(30_000);
  });

  it('has its own key and serial number each time', async () => {
    const authority = await createAuthority({ trustDomain });
    const [first, second] = await Promise.all([authority.issue(web), authority.issue(web)]);
    expect(first.privateKey).not.toBe(second.privateKey);
    expect(new X509Certificate(first.certificateChain).serialNumber).not.toBe(
      new X509Certificate(second.certificateChain).serialNumber,
    );
  });

  it('of a server names the hosts that it has, beside the identity', async () => {
    const authority = await createAuthority({ trustDomain });
    const svid = await authority.issue(web, { hosts: ['10.0.0.1', 'fd00::1', 'mesh.example'] });
    const leaf = new X509Certificate(svid.certificateChain);
    expect(peerSpiffeId(leaf.subjectAltName)).toBe(web);
    expect(leaf.checkIP('10.0.0.1')).toBe('10.0.0.1');
    expect(leaf.checkIP('fd00::1')).toBe('fd00::1');
    expect(leaf.checkHost('mesh.example')).toBe('mesh.example');
    expect(leaf.checkHost('other.example')).toBeUndefined();
  });

  it('is refused for another trust domain', async () => {
    const authority = await createAuthority({ trustDomain });
    await expect(authority.issue(spiffeId('elsewhere', 'default', 'web'))).rejects.toThrow('trust domain');
  });
});

describe('an authority with a state directory', () => {
  it('is the same at the next start, kept in private files', async () => {
    const stateDirectory = join(parent, 'state');
    const first = await createAuthority({ trustDomain, stateDirectory });
    expect(statSync(stateDirectory).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(stateDirectory)) {
      expect(statSync(join(stateDirectory, name)).mode & 0o777).toBe(0o600);
    }
    const second = await createAuthority({ trustDomain, stateDirectory });
    expect(second.trustBundle).toBe(first.trustBundle);
    const leaf = new X509Certificate((await second.issue(web)).certificateChain);
    expect(leaf.verify(new X509Certificate(first.trustBundle).publicKey)).toBe(true);
  });

  it('is one, however many start at once', async () => {
    const stateDirectory = join(parent, 'state');
    const authorities = await Promise.all(
      Array.from({ length: 8 }, () => createAuthority({ trustDomain, stateDirectory })),
    );
    expect(new Set(authorities.map(({ trustBundle }) => trustBundle)).size).toBe(1);
    expect(readdirSync(stateDirectory)).toEqual(['authority.pem']);
  });

  it('refuses a directory or a file that others can read', async () => {
    const open = join(parent, 'open');
    mkdirSync(open, { mode: 0o755 });
    chmodSync(open, 0o755);
    await expect(createAuthority({ trustDomain, stateDirectory: open })).rejects.toThrow('can be read by others');
    const stateDirectory = join(parent, 'state');
    await createAuthority({ trustDomain, stateDirectory });
    chmodSync(join(stateDirectory, 'authority.pem'), 0o644);
    await expect(createAuthority({ trustDomain, stateDirectory })).rejects.toThrow('can be read by others');
  });

  it('refuses what is damaged or of another trust domain, and never replaces it', async () => {
    const stateDirectory = join(parent, 'state');
    await createAuthority({ trustDomain, stateDirectory });
    await expect(createAuthority({ trustDomain: 'elsewhere', stateDirectory })).rejects.toThrow('trust domain');
    const file = join(stateDirectory, 'authority.pem');
    writeFileSync(file, 'nonsense', { mode: 0o600 });
    await expect(createAuthority({ trustDomain, stateDirectory })).rejects.toThrow('damaged');
    expect(readFileSync(file, 'utf8')).toBe('nonsense');
  });
});

describe('a request', () => {
  it('gets a certificate for its key under the identity that is given, not under its own names', async () => {
    const authority = await createAuthority({ trustDomain });
    const { request, privateKey } = await createRequest();
    const read = await readRequest(request);
    if (!read.ok) throw new Error(read.error);
    const signed = await authority.signRequest(read.value, web);
    const leaf = new X509Certificate(signed.certificateChain);
    expect(leaf.subjectAltName).toBe(`URI:${web}`);
    expect(leaf.subject).toBe('O=smi-mesh');
    expect(leaf.checkPrivateKey(createPrivateKey(privateKey))).toBe(true);
    expect(leaf.verify(new X509Certificate(signed.trustBundle).publicKey)).toBe(true);
  });

  it('whose signature was made for something else is refused, and so is what is none', async () => {
    const { request } = await createRequest();
    const der = Buffer.from(request.replace(/-----[^-]+-----|\s/g, ''), 'base64');
    der[der.length - 3]! ^= 0xff;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    expect(await readRequest(forged)).toEqual({ ok: false, error: expect.stringContaining('request') });
    expect(await readRequest('nonsense')).toMatchObject({ ok: false });
    expect(await readRequest('x'.repeat(9_000))).toEqual({
      ok: false,
      error: 'the request has more than 8192 characters',
    });
  });
});

describe('clocks', () => {
  const fiveMinutes = 300_000;
  it.each([
    ['behind', -fiveMinutes],
    ['ahead', fiveMinutes],
  ])('a peer whose clock is five minutes %s accepts certificates and roots as they are made', async (_, skew) => {
    const now = Date.now();
    const authority = await createAuthority({ trustDomain, clock: () => now });
    const svid = await authority.issue(web, { lifetimeSeconds: 3_600 });
    for (const pem of [svid.certificateChain, svid.trustBundle]) {
      const { validFromDate, validToDate } = new X509Certificate(pem);
      expect(validFromDate.getTime()).toBeLessThan(now + skew);
      expect(validToDate.getTime()).toBeGreaterThan(now + skew);
    }
  });
});

describe('a signer below a root', () => {
  it('issues chains that lead to the root, and none that outlives it', async () => {
    const { intermediate, root } = await intermediateOf();
    const signer = await readSigner(trustDomain, intermediate);
    if (!signer.ok) throw new Error(signer.error);
    const svid = await new LiveAuthority(trustDomain, signer.value).issue(web, { lifetimeSeconds: 10 * 86_400 });
    const [leaf, above, ...rest] = certificatesOf(svid.certificateChain);
    expect(rest).toEqual([]);
    expect(leaf?.checkIssued(above!)).toBe(true);
    expect(above?.checkIssued(root.certificate)).toBe(true);
    expect(svid.trustBundle).toBe(root.pem);
    expect(leaf?.validToDate.getTime()).toBe(above?.validToDate.getTime());
  });

  it('issues none that outlives the root where what signs does', async () => {
    const { intermediate, root } = await intermediateOf(undefined, 1_000 * 86_400_000);
    const signer = await readSigner(trustDomain, intermediate);
    if (!signer.ok) throw new Error(signer.error);
    const options = { lifetimeSeconds: 1_000 * 86_400 };
    const svid = await new LiveAuthority(trustDomain, signer.value).issue(web, options);
    expect(certificatesOf(svid.certificateChain)[0]?.validToDate).toEqual(root.certificate.validToDate);
  });

  it.each([
    [
      'whose root is not in the bundle',
      async () => ({ trustBundle: (await selfSigned()).trustBundle }),
      'leads to none',
    ],
    ['with the key of another', async () => ({ privateKey: (await selfSigned()).privateKey }), 'do not match'],
    ['without certificates', async () => ({ certificateChain: '' }), 'no readable certificates'],
  ])('%s is refused', async (_, change, because) => {
    const { intermediate } = await intermediateOf();
    const read = await readSigner(trustDomain, { ...intermediate, ...(await change()) });
    expect(read).toEqual({ ok: false, error: expect.stringContaining(because) });
  });
});

function selfSigned() {
  return selfSignedCredential(trustDomain, { now: Date.now(), lifetimeSeconds: 86_400 });
}
