import { isRecord } from '../lib/values.ts';
import type { Artifact } from './contract.ts';

/** What an artifact is: of two with the same identity one would take the other's place. */
export function identityOf({ name, format, body }: Artifact): string {
  if (format !== 'kubernetes' || !isRecord(body)) return `${format} ${name}`;
  const { namespace, name: own } = isRecord(body.metadata) ? body.metadata : {};
  // All versions of a kind are the same object.
  const [group] = String(body.apiVersion).split('/');
  return [group, body.kind, namespace, own].filter((part) => part !== undefined).join(' ');
}
