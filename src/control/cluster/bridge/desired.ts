import type { Artifact } from '../../../adapter/contract.ts';
import type { ObjectKey } from '../../../diagnostics/origin.ts';
import { type Fields, isRecord } from '../../../lib/values.ts';
import { type TargetKey, targetKey } from './target-objects.ts';

/** Who writes, in `metadata.managedFields`. */
export const fieldManager = 'smi-mesh-bridge';
/** Marks objects that the bridge wrote; its value is the adapter's id. */
const ownerLabel = 'smi-mesh.io/translated-by';

/** An object that is to be in the cluster. */
export interface Desired {
  readonly object: Fields;
  /** The same as text: equal texts ask for the same. */
  readonly text: string;
  /** The user's objects that it is made from. */
  readonly from: ReadonlySet<ObjectKey>;
}

export function ownerSelector(adapter: string): string {
  return `${ownerLabel}=${adapter}`;
}

/** The Kubernetes objects of a translation, marked as the bridge's own, in the order in which they are to be written. */
export function desiredObjects(adapter: string, artifacts: readonly Artifact[]): ReadonlyMap<TargetKey, Desired> {
  return new Map(
    artifacts.flatMap(({ format, body, origins }): [TargetKey, Desired][] => {
      if (format !== 'kubernetes' || !isRecord(body)) return [];
      const metadata = isRecord(body.metadata) ? body.metadata : {};
      const labels = {
        ...(isRecord(metadata.labels) ? metadata.labels : {}),
        'app.kubernetes.io/managed-by': 'smi-mesh',
        [ownerLabel]: adapter,
      };
      const object = { ...body, metadata: { ...metadata, labels } };
      const from = new Set(origins.map((origin) => origin.object));
      return [[targetKey(object), { object, text: JSON.stringify(object), from }]];
    }),
  );
}

/**
 * Whom it concerns that an object is not there: those that it is made from. One that is made from pods and Services alone, such
 * as what keeps a namespace closed, is what the others of its kind in that namespace add to, and concerns those.
 */
export function concernedBy(wanted: Desired, all: ReadonlyMap<TargetKey, Desired>): ReadonlySet<ObjectKey> {
  if ([...wanted.from].some((key) => !key.startsWith('core/'))) return wanted.from;
  const place = placeOf(wanted);
  return new Set([...all.values()].filter((other) => placeOf(other) === place).flatMap(({ from }) => [...from]));
}

function placeOf({ object }: Desired): string {
  const { namespace } = isRecord(object.metadata) ? object.metadata : {};
  return `${object.apiVersion} ${object.kind} ${namespace}`;
}

/** Whether an object as the apiserver has it was written by the bridge, even if somebody took its label away. */
export function isOwn(adapter: string, { metadata }: Fields): boolean {
  const { labels, managedFields } = isRecord(metadata) ? metadata : {};
  if (isRecord(labels) && labels[ownerLabel] !== undefined) return labels[ownerLabel] === adapter;
  return Array.isArray(managedFields) && managedFields.some((each) => isRecord(each) && each.manager === fieldManager);
}
