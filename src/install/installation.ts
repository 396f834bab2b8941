import { systemNames } from '../kubernetes/names.ts';
import type { Connection } from '../kubernetes-client/connect.ts';
import type { ClusterFault } from '../kubernetes-client/fault.ts';
import { ok, type Result } from '../lib/result.ts';
import type { Fields } from '../lib/values.ts';
import { at, itemsOf, labelsOf, metadataOf } from './kinds.ts';

/** A control plane that is in a cluster. */
export interface Installation {
  readonly namespace: string;
  readonly version: string;
  /** What put it there: `smi-cli`, `Helm`, or another. */
  readonly managedBy: string;
  readonly deployment: Fields;
}

/** Looks in all namespaces. */
export async function findInstallation(
  connection: Connection,
): Promise<Result<Installation | undefined, ClusterFault>> {
  const selector = 'app.kubernetes.io/name=smi-mesh,app.kubernetes.io/component=controller';
  const list = await connection.get(`/apis/apps/v1/deployments?labelSelector=${encodeURIComponent(selector)}`);
  if (!list.ok) return list;
  const found = itemsOf(list.value).find((item) => metadataOf(item).name === systemNames.controller);
  if (found === undefined) return ok(undefined);
  const labels = labelsOf(found);
  return ok({
    namespace: metadataOf(found).namespace ?? '',
    version: String(labels['app.kubernetes.io/version'] ?? 'unknown'),
    managedBy: String(labels['app.kubernetes.io/managed-by'] ?? 'unknown'),
    deployment: found,
  });
}

/** How far a Deployment is with what was last applied to it. */
export interface Rollout {
  readonly wanted: number;
  readonly updated: number;
  readonly available: number;
  readonly done: boolean;
}

export function rolloutOf(deployment: unknown): Rollout {
  const count = (...path: readonly string[]) => Number(at(deployment, ...path) ?? 0);
  const wanted = Number(at(deployment, 'spec', 'replicas') ?? 1);
  const updated = count('status', 'updatedReplicas');
  const available = count('status', 'availableReplicas');
  const seen = count('status', 'observedGeneration') >= count('metadata', 'generation');
  const old = count('status', 'replicas') - updated;
  return { wanted, updated, available, done: seen && updated >= wanted && available >= wanted && old <= 0 };
}
