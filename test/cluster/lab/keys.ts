import 'reflect-metadata';
import { generateKeyPairSync, webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { apiserverService, controlPlaneAddress, maximumNodes, nodeName } from './addresses.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const lifetime = 365 * 86_400_000;

interface Issuer {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Users of the control plane by their tokens: name, groups. */
const users = {
  admin: 'admin,admin,"system:masters"',
  'controller-manager': 'system:kube-controller-manager,controller-manager',
  scheduler: 'system:kube-scheduler,scheduler',
  proxy: 'system:kube-proxy,proxy',
};

/** Writes everything that the programs of a control plane and of its nodes prove themselves with. */
export async function writeKeys(folder: string): Promise<void> {
  mkdirSync(folder, { mode: 0o700 });
  const clients = await authority('cluster');
  await write(folder, 'ca', clients);
  await writeFrontProxyKeys(folder);
  const hosts = ['localhost', '127.0.0.1', controlPlaneAddress, apiserverService];
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  await write(folder, 'apiserver', await leaf(clients, 'CN=kube-apiserver', [...hosts, ...names]));
  await write(folder, 'apiserver-kubelet', await leaf(clients, 'O=system:masters, CN=kube-apiserver-kubelet-client'));
  const accounts = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(join(folder, 'accounts.key'), accounts.privateKey.export({ type: 'sec1', format: 'pem' }));
  writeFileSync(join(folder, 'accounts.pub'), accounts.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(folder, 'tokens.csv'), tokens());
}

/** What an apiserver proves itself with to those whom it passes requests on to: `front-proxy.crt`, its key, and the authority's certificate. */
export async function writeFrontProxyKeys(folder: string): Promise<void> {
  const frontProxy = await authority('front-proxy');
  writeFileSync(join(folder, 'front-proxy-ca.crt'), clientsOf(frontProxy));
  await write(folder, 'front-proxy', await leaf(frontProxy, 'CN=front-proxy-client'));
}

/** The token of a user, or of a node by its name. */
export const tokenOf = (user: string): string => `${user}-token`;

function tokens(): string {
  const nodes = Array.from({ length: maximumNodes }, (_, index) => nodeName(index + 1));
  return [
    ...Object.entries(users).map(([user, identity]) => `${tokenOf(user)},${identity}`),
    ...nodes.map((name) => `${tokenOf(name)},system:node:${name},${name},"system:nodes"`),
  ]
    .map((line) => `${line}\n`)
    .join('');
}

const clientsOf = ({ certificate }: Issuer): string => `${certificate.toString('pem')}\n`;

async function write(folder: string, name: string, { certificate, keys }: Issuer): Promise<void> {
  writeFileSync(join(folder, `${name}.crt`), `${certificate.toString('pem')}\n`);
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  writeFileSync(join(folder, `${name}.key`), x509.PemConverter.encode(key, 'PRIVATE KEY'));
}

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const validity = () => ({ notBefore: new Date(Date.now() - 600_000), notAfter: new Date(Date.now() + lifetime) });

async function authority(name: string): Promise<Issuer> {
  const keys = await newKeys();
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign | x509.KeyUsageFlags.digitalSignature;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    ...validity(),
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(usages, true)],
  });
  return { certificate, keys };
}

/** Of a server when it has hosts, else of a client. */
async function leaf(issuer: Issuer, subject: string, hosts: readonly string[] = []): Promise<Issuer> {
  const keys = await newKeys();
  const names = hosts.map((value): x509.JsonGeneralName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
  const purpose = hosts.length === 0 ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer.certificate.subject,
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return { certificate, keys };
}
