import { sortedRecord } from '../../lib/collections.ts';
import { sha256 } from '../../lib/hash.ts';
import { isRecord } from '../../lib/values.ts';

/** Annotations in which a conversion keeps what a version cannot say. They belong to the converter. */
export const preservedPrefix = 'smi-mesh.io/preserved-';

/** `spec.destination.port` of access v1alpha1 and v1alpha2, on an object of a version without that field. */
export const destinationPortAnnotation = `${preservedPrefix}destination-port`;

/** What an object says in another version beyond what it says in its own: `smi-mesh.io/preserved-v1alpha4`. */
export function versionAnnotation(version: string): string {
  return `${preservedPrefix}${version}`;
}

export type Annotations = Readonly<Record<string, string>>;

/** The content of such an annotation: `{"of":"...","value":...}`. */
export interface Preserved {
  /** Hash of the value that it belongs to; once that value is another, the annotation says nothing. */
  readonly of: string;
  readonly value: unknown;
  /** Field paths that the other version does not have. */
  readonly without?: readonly string[];
}

/** The first 64 bits of the SHA-256 of a value's JSON with sorted keys, in hexadecimal: enough to notice an edit. */
export function valueHash(value: unknown): string {
  return sha256(stableJson(value)).slice(0, 16);
}

export function formatPreserved(belongsTo: unknown, kept: Omit<Preserved, 'of'>): string {
  return stableJson({ of: valueHash(belongsTo), ...kept });
}

/** `undefined` for text that no conversion writes. */
export function parsePreserved(text: string | undefined): Preserved | undefined {
  if (text === undefined) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(parsed) || typeof parsed.of !== 'string' || !('value' in parsed)) return undefined;
  const { of, value, without } = parsed;
  if (without === undefined) return { of, value };
  return Array.isArray(without) && without.every((path) => typeof path === 'string')
    ? { of, value, without }
    : undefined;
}

function stableJson(value: unknown): string {
  const sorted = (_key: string, field: unknown) => (isRecord(field) ? sortedRecord(Object.entries(field)) : field);
  return JSON.stringify(value ?? null, sorted);
}
