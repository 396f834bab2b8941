import { isRecord } from '../../lib/values.ts';

/** A field that a verified token adds to its request. */
export type ClaimField = readonly [name: string, value: string];

/** Claims by name of the top level, and the lower-case header that each becomes. */
export type ClaimHeaders = readonly { readonly claim: string; readonly header: string }[];

/** Claims without a text form (below) become no header: what a grant asks for is then missing. */
export function claimFields(payload: unknown, headers: ClaimHeaders): readonly ClaimField[] {
  if (!isRecord(payload)) return [];
  return headers.flatMap(({ claim, header }): readonly ClaimField[] => {
    const value = Object.hasOwn(payload, claim) ? claimText(payload[claim]) : undefined;
    return value === undefined ? [] : [[header, value]];
  });
}

/**
 * Texts, numbers and truth values as they are; a list of them joined with `,` unless one holds a comma, which would make it
 * look like two. Texts must be what a header can carry without quoting: printable ASCII, no space around.
 */
function claimText(value: unknown): string | undefined {
  if (!Array.isArray(value)) return scalarText(value);
  const parts = value.map(scalarText);
  return parts.length > 0 && parts.every((part) => part !== undefined && !part.includes(','))
    ? parts.join(',')
    : undefined;
}

function scalarText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && /^[!-~](?:[ -~]*[!-~])?$/.test(value) ? value : undefined;
}
