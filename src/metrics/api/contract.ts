import type { Result } from '../../lib/result.ts';
import type { ResourcePlural } from '../contract.ts';

export const apiGroup = 'metrics.smi-spec.io';
export const apiVersions = ['v1alpha2', 'v1alpha1'] as const;
export type ApiVersion = (typeof apiVersions)[number];

/** An object of one of the kinds that traffic is measured for. */
export interface MeasuredObject {
  /** Empty for Namespaces and Nodes. */
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Which objects there are, with traffic or without. The error is a sentence. */
export interface ObjectDirectory {
  /** Those of a namespace, or of all. */
  list(plural: ResourcePlural, namespace?: string): Promise<Result<readonly MeasuredObject[], string>>;
}

/** A question to the API, by whoever may ask it. */
export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly accept: string;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Unless it is JSON as usual. */
  readonly type?: string;
}

/** How latencies are written: as the specification does, or as the reference server did. */
export type LatencyUnit = 'seconds' | 'ms';

export const namespacedPlurals: Readonly<Record<ResourcePlural, boolean>> = {
  namespaces: false,
  nodes: false,
  pods: true,
  replicationcontrollers: true,
  services: true,
  replicasets: true,
  jobs: true,
  daemonsets: true,
  deployments: true,
  statefulsets: true,
  trafficsplits: true,
};
