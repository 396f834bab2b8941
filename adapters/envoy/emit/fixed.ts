import type { Artifact } from '../../../src/adapter/contract.ts';
import type { MeshModel, Workload } from '../../../src/model/types.ts';
import { emptyCluster, outsideClusterName, typeUrls } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import type { Message } from './message.ts';
import { outsideCluster } from './outside.ts';

/** Clusters that are the same whatever the model says. */
export const fixedClusters: readonly string[] = [emptyCluster, outsideClusterName];

/** Those of them to which the listeners of a workload lead. */
export function usedFixedClusters({ settings }: MeshModel, { outbound }: Workload): readonly string[] {
  const passesOn = outbound === 'intercepted' && settings.outboundMode === 'passthrough';
  return passesOn ? fixedClusters : [emptyCluster];
}

export function emitFixedCluster(name: string, options: EnvoyOptions): readonly Artifact[] {
  const body: Message =
    name === emptyCluster ? { name, type: 'STATIC', connectTimeout: '5s' } : outsideCluster(options);
  return [{ name, format: typeUrls.cluster, body, origins: [] }];
}
