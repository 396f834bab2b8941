import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import type net from 'node:net';
import tls from 'node:tls';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthority } from '../../../../src/identity/authority.ts';
import { spiffeId } from '../../../../src/lib/spiffe.ts';
import { PeerServer } from '../../../../src/proxy/listeners/peer-server.ts';
import { type TlsMaterial, tlsMaterial } from '../../../../src/proxy/tls/material.ts';
import { TrustStore } from '../../../../src/proxy/tls/trust.ts';
import { ownAddress, until } from '../support/mesh.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
const day = 86_400_000;

interface Signer {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

async function issue(
  subject: string,
  by: Signer | undefined,
  fields: {
    readonly ca?: boolean;
    readonly identity?: string;
    readonly until?: number;
    readonly keys?: webcrypto.CryptoKeyPair;
  },
): Promise<Signer> {
  const keys = fields.keys ?? (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']));
  const { ca = false, identity } = fields;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject}`,
    issuer: by?.certificate.subject ?? `CN=${subject}`,
    notBefore: new Date(Date.now() - 10 * day),
    notAfter: new Date(fields.until ?? Date.now() + day),
    publicKey: keys.publicKey,
    signingKey: (by?.keys ?? keys).privateKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(ca, undefined, true),
      new x509.KeyUsagesExtension(ca ? x509.KeyUsageFlags.keyCertSign : x509.KeyUsageFlags.digitalSignature, true),
      ...(identity === undefined ? [] : [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: identity }])]),
    ],
  });
  return { certificate, keys };
}

const pem = ({ certificate }: Signer) => `${certificate.toString('pem')}\n`;
const keyOf = async ({ keys }: Signer) =>
  x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');

describe('a server that trusts two domains', () => {
  const address = ownAddress();
  const port = 14_500;
  const admitted: string[] = [];
  let server: PeerServer;
  let partner: Signer;
  let own: Signer;
  let intermediate: Signer;

  beforeAll(async () => {
    partner = await issue('partner', undefined, { ca: true });
    own = await issue('own', undefined, { ca: true });
    intermediate = await issue('partner-intermediate', partner, { ca: true });
    const store = await issue('store', own, { identity: spiffeId('cluster.local', 'default', 'store') });
    const made = tlsMaterial({ certificateChain: pem(store), privateKey: await keyOf(store), trustBundle: pem(own) }, [
      { name: 'partner.example', bundle: pem(partner) + pem(intermediate) },
    ]);
    if (!made.ok) throw new Error(made.error);
    server = new PeerServer({ admission: 'mutual-tls' }, made.value as TlsMaterial, undefined, (socket, peer) => {
      admitted.push(peer);
      socket.on('error', () => {});
      socket.end('welcome');
    });
    await server.listen(address, port);
  });

  afterAll(() => server.close());

  async function connect(...chain: Signer[]): Promise<string> {
    const cert = chain.map(pem).join('');
    const socket = tls.connect({ host: address, port, rejectUnauthorized: false, cert, key: await keyOf(chain[0]!) });
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      text += bytes.toString();
    });
    await until(() => (socket as net.Socket).closed, 'the end of the connection');
    return text;
  }

  const billing = 'spiffe://partner.example/billing';
  const buyer = spiffeId('cluster.local', 'default', 'buyer');

  test.each([
    ['its root', billing],
    ['its root', buyer],
    ['an intermediate of its bundle', billing],
  ])('lets in whom %s vouches for (%s)', async (by, identity) => {
    const root = identity === billing ? partner : own;
    if (by === 'its root') expect(await connect(await issue('leaf', root, { identity }))).toBe('welcome');
    else {
      expect(await connect(await issue('leaf', intermediate, { identity }), intermediate)).toBe('welcome');
    }
    expect(admitted.at(-1)).toBe(identity);
  });

  test.each([
    ['a member of the other domain', async () => [await issue('leaf', partner, { identity: buyer })]],
    ['us in the other domain', async () => [await issue('leaf', own, { identity: billing })]],
    ['a member of a domain that nobody knows', async () => [await issue('leaf', own, { identity: 'spiffe://x/y' })]],
    [
      'a member by an intermediate of the other domain',
      async () => {
        return [await issue('leaf', intermediate, { identity: buyer }), intermediate];
      },
    ],
    [
      // Its key belongs to a workload of ours, which the other authority calls an authority.
      'a member by a workload that the other authority lends its name to',
      async () => {
        const workload = await issue('workload', own, { identity: spiffeId('cluster.local', 'default', 'thief') });
        const lent = await issue('workload', partner, { ca: true, keys: workload.keys });
        return [await issue('leaf', workload, { identity: buyer }), workload, lent];
      },
    ],
  ])('refuses who speaks for %s', async (_what, make) => {
    const before = admitted.length;
    expect(await connect(...(await make()))).toBe('');
    expect(admitted.length).toBe(before);
  });
});

describe('a trust store', () => {
  test('takes no root that has expired', async () => {
    const old = await issue('old', undefined, { ca: true, until: Date.now() - day });
    const other = await issue('other', undefined, { ca: true });
    const leaf = new X509Certificate(pem(await issue('leaf', old, { identity: 'spiffe://old/a' })));
    const roots = new Map([
      ['old', [new X509Certificate(pem(old))]],
      ['other', [new X509Certificate(pem(other))]],
    ]);
    expect(new TrustStore(roots).covers('spiffe://old/a', leaf)).toBe(false);
  });
});

describe('material', () => {
  test('is refused when a bundle cannot be read', async () => {
    const authority = await createAuthority({ trustDomain: 'cluster.local' });
    const secret = await authority.issue(spiffeId('cluster.local', 'default', 'store'));
    expect(tlsMaterial(secret, [{ name: 'partner.example', bundle: 'x' }])).toMatchObject({ ok: false });
  });

  test('takes no roots for its own domain from anybody else', async () => {
    const [authority, impostor] = await Promise.all(
      [1, 2].map(() => createAuthority({ trustDomain: 'cluster.local' })),
    );
    const secret = await authority!.issue(spiffeId('cluster.local', 'default', 'store'));
    const made = tlsMaterial(secret, [{ name: 'cluster.local', bundle: impostor!.trustBundle }]);
    const buyer = spiffeId('cluster.local', 'default', 'buyer');
    const leaf = new X509Certificate((await impostor!.issue(buyer)).certificateChain);
    if (!made.ok) throw new Error(made.error);
    expect(made.value.serverOptions.ca).toEqual([secret.trustBundle]);
    expect(leaf.subjectAltName).toContain(buyer);
  });
});
