import type { Workload } from './types.ts';

/** The service that a workload's spans are of: its farthest owner, or the pod itself. */
export function traceService({ namespace, name, owners }: Workload): string {
  return `${namespace}/${owners.at(-1)?.name ?? name}`;
}
