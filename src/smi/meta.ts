import { isRecord } from '../lib/values.ts';
import type { SourceDocument } from '../source/types.ts';
import type { SmiMeta } from './types.ts';

/** The metadata of an object that its schema has accepted. */
export function smiMeta({ key, object }: SourceDocument): SmiMeta {
  const metadata = object.metadata as {
    readonly name: string;
    readonly namespace?: string | null;
    readonly annotations?: unknown;
    readonly creationTimestamp?: string | null;
  };
  return {
    key,
    namespace: metadata.namespace ?? 'default',
    name: metadata.name,
    annotations: isRecord(metadata.annotations) ? (metadata.annotations as Readonly<Record<string, string>>) : {},
    ...(metadata.creationTimestamp ? { creationTimestamp: metadata.creationTimestamp } : {}),
  };
}
