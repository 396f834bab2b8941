import { X509Certificate } from 'node:crypto';
import { err, ok, type Result } from './result.ts';

const pemBlock = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** More roots than any trust domain has. */
const mostCertificates = 100;

/** The certificates of a PEM bundle; at least one. */
export function readBundle(bundle: string): Result<readonly X509Certificate[], string> {
  const blocks = bundle.match(pemBlock) ?? [];
  if (blocks.length === 0) return err('no certificate');
  if (blocks.length > mostCertificates) return err(`more than ${mostCertificates} certificates`);
  try {
    return ok(blocks.map((block) => new X509Certificate(block)));
  } catch {
    return err('a certificate that cannot be read');
  }
}

/** From when until when the first certificate of a chain is valid, in milliseconds since 1970; 0 for one that cannot be read. */
export function validityOf(certificateChain: string): { readonly from: number; readonly until: number } {
  try {
    const { validFromDate, validToDate } = new X509Certificate(certificateChain);
    return { from: validFromDate.getTime(), until: validToDate.getTime() };
  } catch {
    return { from: 0, until: 0 };
  }
}
