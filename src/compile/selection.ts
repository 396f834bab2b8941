import type { PodObject } from '../kubernetes/types.ts';
import type { Graph } from '../lib/incremental/graph.ts';
import { Groups } from '../lib/incremental/groups.ts';
import type { Stage } from '../lib/incremental/stage.ts';
import { Table } from '../lib/incremental/table.ts';
import type { WorkloadId } from '../model/types.ts';

/** What of a pod decides whether a selector picks it and which ports it has; not its status, which changes often. */
export interface SelectablePod extends Pick<PodObject, 'spec'> {
  readonly id: WorkloadId;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The pods of a namespace that have every label, by id; without a label none. */
export type SelectPods = (
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
) => readonly SelectablePod[];

/** Pods are found by one label of the selector: that which the fewest have. */
export function podSelection(graph: Graph, pods: Stage<WorkloadId, PodObject>): SelectPods {
  const selectable = new Table<WorkloadId, SelectablePod>(graph, [pods], (id) => {
    const pod = pods.get(id);
    return pod && { id, namespace: pod.meta.namespace, labels: pod.meta.labels, spec: pod.spec };
  });
  const byLabel = new Groups(graph, selectable, (pod) =>
    Object.entries(pod.labels).map(([label, value]): [string, SelectablePod] => [
      labelKey(pod.namespace, label, value),
      pod,
    ]),
  );
  return (namespace, labels = {}) => {
    const wanted = Object.entries(labels);
    // Whichever label is taken, the result is the same, so that the sizes need not be noted as read.
    const [fewest] = wanted
      .map(([label, value]) => labelKey(namespace, label, value))
      .sort((a, b) => byLabel.sizeOf(a) - byLabel.sizeOf(b));
    const sharing = fewest === undefined ? undefined : byLabel.get(fewest);
    return (sharing ?? []).filter((pod) => wanted.every(([label, value]) => pod.labels[label] === value));
  };
}

function labelKey(namespace: string, label: string, value: string): string {
  return `${namespace}\n${label}\n${value}`;
}
