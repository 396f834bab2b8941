import { type Fields, isRecord } from '../../lib/values.ts';

const mark = '[redacted]';

const secrets: readonly (readonly [RegExp, string])[] = [
  // PEM of any kind of private key, also cut short, and also with its line ends written as `\n`.
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, mark],
  // JSON Web Tokens.
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?/g, mark],
  [/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${mark}`],
  [/((?:password|passwd|secret|token|api[-_]?key)["']?\s*[=:]\s*["']?)[^\s"',;}]{4,}/gi, `$1${mark}`],
  // Private parts of JSON Web Keys.
  [/("(?:k|d|p|q|dp|dq|qi)"\s*:\s*")[A-Za-z0-9_-]{16,}/g, `$1${mark}`],
  // User and password of a URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+@/gi, `$1${mark}@`],
];

/** A text without what looks like a key, a token or a password. Rather too much is taken out than too little. */
export function redactText(text: string): string {
  const withoutKeys = text.replace(pemInBase64, (found) => (isPrivateKey(found) ? mark : found));
  return secrets.reduce((kept, [pattern, by]) => kept.replace(pattern, by), withoutKeys);
}

/** Begins with `-----BEGIN`: certificates stay. */
const pemInBase64 = /LS0tLS1CRUdJTi[A-Za-z0-9+/=]*/g;

function isPrivateKey(base64: string): boolean {
  return Buffer.from(base64, 'base64').toString('latin1').includes('PRIVATE KEY');
}

/** Of a JSON Web Key (RFC 7518 section 6). */
const privateParts = new Set(['k', 'd', 'p', 'q', 'dp', 'dq', 'qi']);

/** Fields of objects that are of no use to who helps, and may hold anything. */
const droppedAnnotations = /last-applied-configuration/;

/**
 * An object without what may be secret: values of environment variables, data of ConfigMaps that are not ours, copies of
 * the object in its annotations, and whatever looks like a secret anywhere else.
 */
export function redactObject(object: Fields): unknown {
  return redactValue(object, '');
}

function redactValue(value: unknown, name: string): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map((item) => redactValue(name === 'env' ? withoutValue(item) : item, ''));
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(
    ([key]) => key !== 'managedFields' && !(name === 'annotations' && droppedAnnotations.test(key)),
  );
  const isKey = 'kty' in value;
  return Object.fromEntries(
    kept.map(([key, inner]) => [key, isKey && privateParts.has(key) ? mark : redactValue(inner, key)]),
  );
}

/** An environment variable, with where its value comes from but not with the value. */
function withoutValue(variable: unknown): unknown {
  return isRecord(variable) && 'value' in variable ? { ...variable, value: mark } : variable;
}
