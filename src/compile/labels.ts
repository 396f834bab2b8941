import { compareText } from '../lib/collections.ts';
import type { Workload } from '../model/types.ts';

/** Workloads by namespace and one label, so that a selector looks only at those that share a label with it. */
export type WorkloadsByLabel = ReadonlyMap<string, readonly Workload[]>;

export function workloadsByLabel(workloads: Iterable<Workload>): WorkloadsByLabel {
  const found = new Map<string, Workload[]>();
  for (const workload of workloads) {
    for (const [label, value] of Object.entries(workload.labels)) {
      const key = labelKey(workload.namespace, label, value);
      const known = found.get(key);
      if (known === undefined) found.set(key, [workload]);
      else known.push(workload);
    }
  }
  return found;
}

/** The workloads of a namespace that have every label, by id; without a label none. */
export function selectedWorkloads(
  namespace: string,
  labels: Readonly<Record<string, string>>,
  byLabel: WorkloadsByLabel,
): readonly Workload[] {
  const wanted = Object.entries(labels);
  const [first] = wanted;
  if (first === undefined) return [];
  return (byLabel.get(labelKey(namespace, ...first)) ?? [])
    .filter((workload) => wanted.every(([label, value]) => workload.labels[label] === value))
    .sort((a, b) => compareText(a.id, b.id));
}

function labelKey(namespace: string, label: string, value: string): string {
  return `${namespace}\n${label}\n${value}`;
}
