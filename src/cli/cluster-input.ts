import { Option } from 'commander';
import { applyTo } from '../kubernetes-client/apply.ts';
import type { SourceSet } from '../source/types.ts';
import { Unreachable } from './unreachable.ts';

/** The cluster that a command line names, if any. */
export interface ClusterChoice {
  /** `true`: the current context. */
  readonly context?: string | true;
  readonly kubeconfig?: string;
}

/** For commands that read manifests; their actions hand the options on to `checkSources` or `withCluster`. */
export const contextOption = (): Option =>
  new Option(
    '--context [name]',
    'read the objects of a cluster: of this context of the kubeconfig, or of the current one; files that are named too count as applied to it',
  );

/** Goes with `contextOption`. */
export const kubeconfigOption = (): Option =>
  new Option('--kubeconfig <file>', 'with --context: this kubeconfig instead of the usual ones');

/** The paths that a command line means: without any, the current folder, unless it names a cluster. */
export function pathsMeant(paths: readonly string[], { context }: ClusterChoice): readonly string[] {
  return paths.length === 0 && context === undefined ? ['.'] : paths;
}

/**
 * What a command works on: files alone, or the cluster with the files applied to it. Throws `Unreachable` when the
 * cluster's objects cannot be had.
 */
export async function withCluster(files: SourceSet, cluster: ClusterChoice): Promise<SourceSet> {
  if (cluster.context === undefined) return files;
  return applyTo(await clusterSources(cluster), files);
}

/** The objects of the chosen cluster, or of the current one. Throws `Unreachable` when they cannot be had. */
export async function clusterSources({ context, kubeconfig }: ClusterChoice): Promise<SourceSet> {
  // Loaded only here: commands on files shall not wait for the client library.
  const [{ readCluster }, { wantedKinds }] = await Promise.all([
    import('../kubernetes-client/read-cluster.ts'),
    import('../control/cluster/kinds.ts'),
  ]);
  const options = {
    ...(typeof context === 'string' ? { context } : {}),
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
  };
  const cluster = await readCluster(options, wantedKinds());
  if (!cluster.ok) throw new Unreachable(cluster.error);
  return cluster.value;
}
