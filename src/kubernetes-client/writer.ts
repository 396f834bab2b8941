import { type Fields, isRecord } from '../lib/values.ts';
import type { Writer } from '../source/types.ts';

/** Whose change of an object itself, not of its status, is the latest. Nothing where the apiserver does not say. */
export function lastWriter(metadata: unknown): Writer | undefined {
  const managed = isRecord(metadata) && Array.isArray(metadata.managedFields) ? metadata.managedFields : [];
  let latest: Writer | undefined;
  for (const entry of managed) {
    if (!isRecord(entry) || (entry.subresource ?? '') !== '') continue;
    const { manager, time } = entry;
    if (typeof manager !== 'string' || typeof time !== 'string') continue;
    if (latest === undefined || time >= latest.time) latest = { manager, time };
  }
  return latest;
}

/** An object whose bookkeeping of field managers is cut to the last writer: all of it can be larger than the object. */
export function withLastWriter(object: Fields): Fields {
  const { metadata } = object;
  if (!isRecord(metadata) || metadata.managedFields === undefined) return object;
  const { managedFields: _, ...rest } = metadata;
  const writer = lastWriter(metadata);
  return { ...object, metadata: writer === undefined ? rest : { ...rest, managedFields: [writer] } };
}
