import { compareText } from '../lib/collections.ts';
import { sha256 } from '../lib/hash.ts';
import type { MeshModel } from './types.ts';

/**
 * Canonical JSON of a model or of a part of it: keys in code-unit order, no `origins`, no white space. Equal meaning
 * gives equal bytes; where the user wrote it does not matter.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([key, field]) => key !== 'origins' && field !== undefined)
    .sort(([a], [b]) => compareText(a, b))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`);
  return `{${fields.join(',')}}`;
}

/** SHA-256 of the canonical form, in hexadecimal. */
export function hashModel(model: MeshModel): string {
  return sha256(canonicalJson(model));
}
