import type { X509Certificate } from 'node:crypto';
import { trustDomainOf } from '../../lib/spiffe.ts';
import { limits } from '../limits.ts';

/** The roots of a trust domain, PEM. */
export interface TrustedDomain {
  readonly name: string;
  readonly bundle: string;
}

/**
 * Which authority speaks for whom. The TLS library verifies a client's certificate against all roots together; this holds it
 * to the roots of the domain that it names, so that no domain's authority can speak for another's members.
 */
export class TrustStore {
  readonly #roots: ReadonlyMap<string, readonly X509Certificate[]>;
  /** With one domain there is nothing to tell apart. */
  readonly #single: boolean;
  /** Fingerprints of leaves that were found right, the oldest first. */
  readonly #known = new Set<string>();

  constructor(roots: ReadonlyMap<string, readonly X509Certificate[]>) {
    this.#roots = roots;
    this.#single = roots.size === 1;
  }

  /**
   * Whether a leaf that was verified against all roots may speak for the identity that it names. `leaf` is asked for its
   * issuers as the peer sent them; a Node that does not tell servers of them leaves those that are in the bundle.
   */
  covers(identity: string, leaf: X509Certificate): boolean {
    const roots = this.#roots.get(trustDomainOf(identity) ?? '');
    if (roots === undefined) return false;
    if (this.#single || this.#known.has(leaf.fingerprint256)) return true;
    if (!chainsTo(leaf, roots)) return false;
    this.#known.add(leaf.fingerprint256);
    if (this.#known.size > limits.leavesRemembered) {
      for (const oldest of this.#known) {
        this.#known.delete(oldest);
        break;
      }
    }
    return true;
  }
}

const maxDepth = 8;

function chainsTo(leaf: X509Certificate, roots: readonly X509Certificate[]): boolean {
  const now = Date.now();
  let current = leaf;
  for (let depth = 0; depth < maxDepth; depth++) {
    if (roots.some((root) => issued(root, current, now))) return true;
    const issuer = current.issuerCertificate;
    // Only who may sign certificates counts as an issuer, whatever another domain's authority says of its key.
    if (issuer === undefined || issuer === current || !issuer.ca || !issued(issuer, current, now)) return false;
    current = issuer;
  }
  return false;
}

function issued(issuer: X509Certificate, subject: X509Certificate, now: number): boolean {
  if (now < Date.parse(issuer.validFrom) || now > Date.parse(issuer.validTo)) return false;
  return subject.checkIssued(issuer) && subject.verify(issuer.publicKey);
}
