import { objectKey } from '../diagnostics/origin.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { SourceDocument } from '../source/types.ts';
import type { ServedKind } from './list.ts';
import { lastWriter } from './writer.ts';

/** What `kubectl apply` keeps of the object for itself: as large as the object, and decides nothing. */
const appliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * An object of a cluster as if it had been read from a file. Nothing for an object without a name, and for a pod that
 * has ended: another pod may have its addresses by now.
 */
export function clusterDocument(
  listed: Fields,
  { apiVersion, kind }: Pick<ServedKind, 'apiVersion' | 'kind'>,
  context: string,
): SourceDocument | undefined {
  const writer = lastWriter(listed.metadata);
  const metadata = withoutBookkeeping(isRecord(listed.metadata) ? listed.metadata : {});
  const { name, namespace = 'default' } = metadata;
  if (typeof name !== 'string' || typeof namespace !== 'string') return undefined;
  const group = apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
  if (group === '' && kind === 'Pod' && hasEnded(listed)) return undefined;
  return {
    key: objectKey(group, kind, namespace, name),
    apiVersion,
    kind,
    file: `<cluster ${context}>`,
    index: 0,
    // Items of a list carry neither apiVersion nor kind.
    object: { ...listed, apiVersion, kind, metadata },
    ...(writer === undefined ? {} : { writer }),
  };
}

/** The field managers' bookkeeping can be larger than the object, too. */
function withoutBookkeeping(metadata: Fields): Fields {
  const { managedFields: _, annotations, ...rest } = metadata;
  if (!isRecord(annotations)) return rest;
  const { [appliedAnnotation]: __, ...kept } = annotations;
  return { ...rest, annotations: kept };
}

function hasEnded({ status }: Fields): boolean {
  return isRecord(status) && (status.phase === 'Succeeded' || status.phase === 'Failed');
}
