const shape = /^spiffe:\/\/([a-z0-9._-]{1,255})(\/[A-Za-z0-9._-]+)+$/;

/**
 * The SPIFFE id of a certificate from the text of its subject alternative names as Node prints it: exactly one URI name
 * (X509-SVID section 2), nothing that needed quoting; otherwise undefined.
 */
export function peerSpiffeId(subjectAltName: string | undefined): string | undefined {
  if (subjectAltName === undefined || subjectAltName.includes('"')) return undefined;
  const uris = subjectAltName.split(', ').filter((name) => name.startsWith('URI:'));
  const id = uris[0]?.slice('URI:'.length);
  return uris.length === 1 && id !== undefined && shape.test(id) ? id : undefined;
}

/** The trust domain of a SPIFFE id; undefined for anything else. */
export function trustDomainOf(id: string): string | undefined {
  return shape.exec(id)?.[1];
}
