import { type Fields, isRecord } from '../lib/values.ts';
import type { ApiResult, Connection } from './connect.ts';

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields over that somebody else manages. */
  readonly force?: boolean;
  readonly subresource?: string;
  /** The plural name in paths; the kind in small letters with an `s` unless told otherwise. */
  readonly plural?: string;
  /** Where the object is, for those who know. */
  readonly path?: string;
  /** The apiserver says what it would do, and does nothing. */
  readonly dryRun?: boolean;
}

/** Server-side apply of one object: the fields that it has become ours, those that we leave out since last time go. */
export async function serverSideApply(
  connection: Connection,
  object: Fields,
  options: ApplyOptions,
): Promise<ApiResult> {
  const { fieldManager, force = false, subresource, plural, dryRun = false } = options;
  const query = new URLSearchParams({ fieldManager, force: String(force), ...(dryRun ? { dryRun: 'All' } : {}) });
  const path = `${options.path ?? objectPath(object, plural)}${subresource === undefined ? '' : `/${subresource}`}`;
  // JSON is YAML.
  return await connection.send('PATCH', `${path}?${query}`, object, { contentType: 'application/apply-patch+yaml' });
}

/** Where an object is in the API; of the namespace that its metadata names, if any. */
export function objectPath({ apiVersion, kind, metadata }: Fields, plural = pluralOf(String(kind))): string {
  const root = String(apiVersion).includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { namespace, name } = isRecord(metadata) ? metadata : {};
  const within = typeof namespace === 'string' ? `/namespaces/${namespace}` : '';
  return `${root}${within}/${plural}/${encodeURIComponent(String(name))}`;
}

/** As the kinds of Kubernetes and SMI form it. */
export function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  if (/(?:s|x|ch|sh)$/.test(lower)) return `${lower}es`;
  return /[^aeiou]y$/.test(lower) ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}
