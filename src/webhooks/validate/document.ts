import { objectKey } from '../../diagnostics/origin.ts';
import { type Fields, isRecord } from '../../lib/values.ts';
import type { SourceDocument } from '../../source/types.ts';

/** An object of an admission request as a document; `undefined` when it has not even the outer shape of one. */
export function admittedDocument(object: Fields): SourceDocument | undefined {
  const { apiVersion, kind } = object;
  const metadata: Fields = isRecord(object.metadata) ? object.metadata : {};
  // The name that `generateName` asks for may not have been made yet.
  const { generateName, name = generateName, namespace = 'default' } = metadata;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  if (typeof name !== 'string' || typeof namespace !== 'string') return undefined;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  const key = objectKey(group, kind, namespace, name);
  // The field managers' bookkeeping can be larger than the object, and decides nothing.
  const { managedFields: _, ...kept } = metadata;
  return { key, apiVersion, kind, file: '<admission>', index: 0, object: { ...object, metadata: { ...kept, name } } };
}
