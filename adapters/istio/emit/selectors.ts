import type { Workload, WorkloadSetId } from '../../../src/adapter/index.ts';
import { compareText, sortedRecord } from '../../../src/lib/collections.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Selection {
  /** Each selects workloads of the set alone; together they select all that can be selected so. */
  readonly selectors: readonly Labels[];
  /** Workloads that have no labels of their own. */
  readonly unreached: readonly Workload[];
}

/** Labels that say what a pod is: those that it has are asked for in any case, so that pods to come are not taken for it. */
const telling = [
  'app',
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/component',
  'k8s-app',
  'version',
];

/** Labels that controllers give, or that say where a pod runs: they change when nothing of its role does. */
const passing = new Set([
  'pod-template-hash',
  'pod-template-generation',
  'controller-revision-hash',
  'controller-uid',
  'job-name',
  'batch.kubernetes.io/controller-uid',
  'batch.kubernetes.io/job-name',
  'statefulset.kubernetes.io/pod-name',
  'apps.kubernetes.io/pod-index',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

/** Labels that select exactly the workloads of a set among those of its namespace. */
export function selectionOf(set: WorkloadSetId, neighbours: readonly Workload[]): Selection {
  const members = neighbours.filter((workload) => workload.set === set);
  const others = neighbours.filter((workload) => workload.set !== set);
  const common = narrowest(commonLabels(members), others);
  if (common !== undefined) return { selectors: [common], unreached: [] };
  const selectors: Labels[] = [];
  const unreached: Workload[] = [];
  for (const workload of members) {
    if (selectors.some((selector) => selects(selector, workload))) continue;
    const selector = narrowest(lastingLabels(workload), others);
    if (selector === undefined) unreached.push(workload);
    else selectors.push(selector);
  }
  return { selectors, unreached };
}

export function selects(selector: Labels, { labels }: Workload): boolean {
  return Object.entries(selector).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);
}

/** The telling labels, and of the others by name as many as it takes to keep the others out; undefined where all do not. */
function narrowest(labels: Labels, others: readonly Workload[]): Labels | undefined {
  const ordered = Object.entries(labels).sort(([a], [b]) => rank(a) - rank(b) || compareText(a, b));
  const start = ordered.filter(([name]) => telling.includes(name)).length;
  for (let count = Math.max(1, start); count <= ordered.length; count += 1) {
    const selector = sortedRecord(ordered.slice(0, count));
    if (!others.some((other) => selects(selector, other))) return selector;
  }
  return undefined;
}

function rank(name: string): number {
  const place = telling.indexOf(name);
  return place < 0 ? telling.length : place;
}

export function lastingLabels({ labels }: Workload): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !passing.has(name)));
}

function commonLabels([first, ...rest]: readonly Workload[]): Labels {
  if (first === undefined) return {};
  const entries = Object.entries(lastingLabels(first));
  return Object.fromEntries(entries.filter(([name, value]) => rest.every(({ labels }) => labels[name] === value)));
}
