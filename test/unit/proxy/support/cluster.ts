import { compileClusterPolicy } from '../../../../src/proxy/config/cluster-policy.ts';
import { ClusterMetrics } from '../../../../src/proxy/telemetry/clusters.ts';
import { Cluster } from '../../../../src/proxy/upstream/cluster.ts';
import { MetricsRegistry } from '../../../../src/telemetry/registry.ts';

/** A cluster without endpoints and without a policy. */
export function emptyCluster(name: string): Cluster {
  const metrics = new ClusterMetrics(new MetricsRegistry(), name);
  const prober = { probe: () => {} };
  return new Cluster(name, compileClusterPolicy(null, null), metrics, { prober, random: Math.random });
}
