import { parseFieldPath } from '../../lib/field-path.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import type { Edit } from './edit.ts';

/** The same for a text that is JSON, with its indentation; `undefined` for any other text. */
export function editJson(text: string, edits: readonly Edit[]): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  for (const { document, object } of edits) value = replaced(value, parseFieldPath(document.within ?? ''), object);
  const indent = /^[{[]\r?\n([ \t]+)/.exec(text.trimStart())?.[1] ?? (text.trim().includes('\n') ? 2 : 0);
  return JSON.stringify(value, null, indent) + (/\r?\n$/.exec(text)?.[0] ?? '');
}

function replaced(value: unknown, [segment, ...rest]: readonly (string | number)[], object: Fields): unknown {
  if (segment === undefined) return inOrderOf(value, object);
  if (Array.isArray(value)) return value.with(Number(segment), replaced(value[Number(segment)], rest, object));
  return isRecord(value) ? { ...value, [segment]: replaced(value[segment], rest, object) } : value;
}

/** The new value with the keys of the old one in their old order, as far as they are still there. */
function inOrderOf(before: unknown, after: unknown): unknown {
  if (Array.isArray(before) && Array.isArray(after)) return after.map((item, index) => inOrderOf(before[index], item));
  if (!isRecord(before) || !isRecord(after)) return after;
  const kept = Object.keys(before).filter((key) => Object.hasOwn(after, key));
  const added = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  return Object.fromEntries([...kept, ...added].map((key) => [key, inOrderOf(before[key], after[key])]));
}
