import { X509Certificate } from 'node:crypto';
import { isTrustDomain, parseSpiffeId, type SpiffeId } from '../lib/spiffe.ts';
import { signLeaf } from './certificate.ts';
import { type AuthorityCredential, readSigner, type Signer, selfSignedCredential } from './credential.ts';
import { exportKey, newKeys } from './keys.ts';
import type { CertificateRequest } from './request.ts';
import { createCredential, readCredential } from './store.ts';

/** A certificate and the roots of its trust domain, PEM. */
export interface SignedCertificate {
  /** Leaf first. */
  readonly certificateChain: string;
  /** The roots that peers are verified against. */
  readonly trustBundle: string;
}

/** An X.509 SVID with what its owner needs to use it; all PEM, the key PKCS#8. */
export interface Svid extends SignedCertificate {
  readonly privateKey: string;
}

/** Signs the identities of one trust domain. What it signs with, and the roots, may change while it is in use. */
export interface Authority {
  readonly trustDomain: string;
  /** The roots of now. */
  readonly trustBundle: string;
  /** When the certificate that it signs with now ends, in milliseconds since 1970. */
  readonly notAfter: number;
  /** A new key and certificate for an identity of this trust domain. */
  issue(identity: SpiffeId, options?: IssueOptions): Promise<Svid>;
  /** A certificate for the key of a request, under the identity that is given and no name of the request. */
  signRequest(request: CertificateRequest, identity: SpiffeId, options?: IssueOptions): Promise<SignedCertificate>;
  /** Calls back when the roots have changed; the result ends that. */
  onTrustChange(listener: () => void): () => void;
}

/**
 * When a holder is to ask again: after a share of what is left of a certificate that it has just got. The end is that of the
 * certificate, which an authority that ends sooner has made shorter than was asked for.
 */
export function renewalTime({ certificateChain }: SignedCertificate, share: number, now = Date.now()): number {
  return now + (Date.parse(new X509Certificate(certificateChain).validTo) - now) * share;
}

export interface IssueOptions {
  /** 24 hours unless told otherwise. */
  readonly lifetimeSeconds?: number;
  /** Host names and IP addresses of a server, for clients that know it by these and not by its identity. */
  readonly hosts?: readonly string[];
}

export interface AuthorityOptions {
  readonly trustDomain: string;
  /** Where key and certificate are kept for the next start: made 0700, refused when others can look into it. */
  readonly stateDirectory?: string;
  /** Milliseconds since 1970; the system's unless told otherwise. */
  readonly clock?: () => number;
}

export const defaultLifetimeSeconds = 86_400;
const authorityLifetimeSeconds = 10 * 365 * 86_400;

/**
 * The authority of a trust domain: the one kept in the state directory, or a new one. Rejects with a sentence for people
 * when the directory is not private or what it holds is unusable; it never replaces a key that others may trust.
 */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { trustDomain, stateDirectory, clock = Date.now } = options;
  if (!isTrustDomain(trustDomain)) throw new Error(`not a trust domain: ${JSON.stringify(trustDomain)}`);
  let pem = stateDirectory === undefined ? undefined : await readCredential(stateDirectory);
  if (pem === undefined) {
    const lifetime = { now: clock(), lifetimeSeconds: authorityLifetimeSeconds };
    const { privateKey, certificateChain } = await selfSignedCredential(trustDomain, lifetime);
    const fresh = `${privateKey}${certificateChain}`;
    pem = stateDirectory === undefined ? fresh : await createCredential(stateDirectory, fresh);
  }
  const signer = await readSigner(trustDomain, storedCredential(pem));
  if (!signer.ok) {
    throw new Error(`${signer.error}; restore what is stored, or remove its file to start a new trust root`);
  }
  if (signer.value.notAfter <= clock()) throw new Error('the stored authority has expired');
  return new LiveAuthority(trustDomain, signer.value, clock);
}

/** One file holds the key and the certificate that signs for itself. */
function storedCredential(pem: string): AuthorityCredential {
  const part = (type: string) =>
    new RegExp(`-----BEGIN ${type}-----[^-]+-----END ${type}-----\\n`).exec(pem)?.[0] ?? '';
  const certificate = part('CERTIFICATE');
  return { certificateChain: certificate, privateKey: part('PRIVATE KEY'), trustBundle: certificate };
}

/** An authority whose signer can be replaced while it is in use. */
export class LiveAuthority implements Authority {
  readonly trustDomain: string;
  readonly #clock: () => number;
  readonly #listeners = new Set<() => void>();
  #signer: Signer;

  constructor(trustDomain: string, signer: Signer, clock: () => number = Date.now) {
    this.trustDomain = trustDomain;
    this.#signer = signer;
    this.#clock = clock;
  }

  get trustBundle(): string {
    return this.#signer.trustBundle;
  }

  get notAfter(): number {
    return this.#signer.notAfter;
  }

  /** What is signed from now on is signed with this one. */
  replace(signer: Signer): void {
    const before = this.#signer.trustBundle;
    this.#signer = signer;
    if (signer.trustBundle !== before) for (const listener of this.#listeners) listener();
  }

  onTrustChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async issue(identity: SpiffeId, options: IssueOptions = {}): Promise<Svid> {
    const { publicKey, privateKey } = await newKeys();
    const signed = await this.#sign(publicKey, identity, options);
    return { ...signed, privateKey: await exportKey(privateKey) };
  }

  async signRequest(
    { publicKey }: CertificateRequest,
    identity: SpiffeId,
    options: IssueOptions = {},
  ): Promise<SignedCertificate> {
    return await this.#sign(publicKey, identity, options);
  }

  async #sign(
    publicKey: Parameters<typeof signLeaf>[1]['publicKey'],
    identity: SpiffeId,
    { lifetimeSeconds = defaultLifetimeSeconds, hosts = [] }: IssueOptions,
  ): Promise<SignedCertificate> {
    if (parseSpiffeId(identity)?.trustDomain !== this.trustDomain) {
      throw new Error(`${identity} is not an identity of the trust domain ${this.trustDomain}`);
    }
    const signer = this.#signer;
    const now = this.#clock();
    if (signer.notAfter <= now) throw new Error(`the authority of ${this.trustDomain} has expired`);
    const leaf = await signLeaf(signer, { identity, publicKey, hosts, now, lifetimeSeconds });
    return { certificateChain: `${leaf}${signer.intermediates}`, trustBundle: signer.trustBundle };
  }
}
