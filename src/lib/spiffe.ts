/** A SPIFFE id, `spiffe://TRUSTDOMAIN/PATH` (SPIFFE-ID section 2). Ours have the path `/ns/NAMESPACE/sa/SERVICEACCOUNT`. */
export type SpiffeId = string & { readonly __brand: 'SpiffeId' };

export interface SpiffeName {
  readonly trustDomain: string;
  readonly namespace: string;
  readonly account: string;
}

/** SPIFFE-ID section 2.3: at most 2048 bytes; every allowed character is one byte. */
const maximumLength = 2048;
const trustDomainPattern = /^[a-z0-9._-]{1,255}$/;
const segmentPattern = /^(?!\.{1,2}$)[a-zA-Z0-9._-]+$/;

/** Whether a text is a SPIFFE id of a workload (with a path) in the one spelling that the standard allows. */
export function isSpiffeId(text: string): text is SpiffeId {
  if (text.length > maximumLength || !text.startsWith('spiffe://')) return false;
  const [trustDomain = '', ...segments] = text.slice('spiffe://'.length).split('/');
  return trustDomainPattern.test(trustDomain) && segments.length > 0 && segments.every((s) => segmentPattern.test(s));
}

/** Whether a name can be the trust domain of SPIFFE ids (SPIFFE-ID section 2.1). */
export function isTrustDomain(name: string): boolean {
  return trustDomainPattern.test(name);
}

/** The trust domain of an id; nothing for a text that is none. */
export function trustDomainOf(id: string): string | undefined {
  return isSpiffeId(id) ? id.slice('spiffe://'.length, id.indexOf('/', 'spiffe://'.length)) : undefined;
}

/** The id of a service account. The parts must be valid names; Kubernetes' own rules for them are stricter. */
export function spiffeId(trustDomain: string, namespace: string, account: string): SpiffeId {
  const id = `spiffe://${trustDomain}/ns/${namespace}/sa/${account}`;
  if (parseSpiffeId(id) === undefined) throw new Error(`not the parts of a SPIFFE id: ${JSON.stringify(id)}`);
  return id as SpiffeId;
}

/** The parts of an id of the form `/ns/NAMESPACE/sa/SERVICEACCOUNT`; nothing for any other text. */
export function parseSpiffeId(text: string): SpiffeName | undefined {
  if (!isSpiffeId(text)) return undefined;
  const [trustDomain = '', ns, namespace = '', sa, account = '', ...rest] = text.slice('spiffe://'.length).split('/');
  if (ns !== 'ns' || sa !== 'sa' || account === '' || rest.length > 0) return undefined;
  return { trustDomain, namespace, account };
}

/**
 * The SPIFFE id of a certificate whose chain has been verified, from its alternative names as Node prints them
 * (`PeerCertificate.subjectaltname`, `X509Certificate.subjectAltName`). Nothing unless there is exactly one URI among
 * them and it is a SPIFFE id (X509-SVID section 2).
 */
export function peerSpiffeId(alternativeNames: string | undefined): SpiffeId | undefined {
  const names = alternativeNames === undefined ? undefined : splitNames(alternativeNames);
  const uris = names?.filter((name) => name.startsWith('URI:'));
  if (uris?.length !== 1) return undefined;
  const uri = uris[0]!.slice('URI:'.length);
  return isSpiffeId(uri) ? uri : undefined;
}

/**
 * Splits `DNS:a, URI:b`. Node writes a value with special characters as a JSON string, so that no value can pretend to
 * be two names; nothing is returned for a list that does not follow that form.
 */
function splitNames(text: string): readonly string[] | undefined {
  const names: string[] = [];
  const name = /([A-Za-z][A-Za-z ]*):("(?:[^"\\]|\\.)*"|[^",]*)(?:, |$)/y;
  while (name.lastIndex < text.length) {
    const found = name.exec(text);
    if (found === null) return undefined;
    names.push(`${found[1]}:${found[2]}`);
  }
  return names;
}
