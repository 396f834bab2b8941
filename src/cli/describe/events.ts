import { at, itemsOf } from '../../install/kinds.ts';
import type { Connection } from '../../kubernetes-client/connect.ts';

/** Something that happened to an object, as the cluster remembers it. */
export interface ObjectEvent {
  readonly type: string;
  readonly reason: string;
  readonly note: string;
  /** When it happened last. */
  readonly at: string;
  readonly count: number;
}

/** The events of an object, oldest first; none where they may not be read. */
export async function eventsOf(
  connection: Connection,
  { kind, namespace, name }: { readonly kind: string; readonly namespace: string; readonly name: string },
): Promise<readonly ObjectEvent[]> {
  const selector = encodeURIComponent(`regarding.kind=${kind},regarding.name=${name}`);
  const path = `/apis/events.k8s.io/v1/namespaces/${namespace || 'default'}/events?fieldSelector=${selector}`;
  const list = await connection.get(path);
  if (!list.ok) return [];
  const text = (value: unknown) => (typeof value === 'string' ? value : '');
  const events = itemsOf(list.value).map((event) => ({
    type: text(event.type),
    reason: text(event.reason),
    note: text(event.note),
    at: text(at(event, 'series', 'lastObservedTime') ?? event.eventTime ?? event.deprecatedLastTimestamp),
    count: Number(at(event, 'series', 'count') ?? event.deprecatedCount ?? 1),
  }));
  return events.toSorted((one, other) => (one.at < other.at ? -1 : 1));
}
