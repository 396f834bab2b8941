import { clusterEditor } from '../../dashboard/edit/cluster.ts';
import { fileEditor } from '../../dashboard/edit/files.ts';
import { type DashboardOptions, serveDashboard } from '../../dashboard/server/server.ts';
import { type ControlPlaneOptions, isInCluster } from '../control-plane/answer.ts';
import { controlPlaneOf, stateDirectoryOf } from '../control-plane/ask.ts';
import { exitCodes } from '../exit-codes.ts';
import { print } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';
import { localReach, reachThrough } from '../tap/reach.ts';
import { withTap } from './tap.ts';
import { clusterUpstream, localUpstream } from './upstream.ts';

export interface DashboardCommandOptions extends ControlPlaneOptions {
  readonly port: number;
  readonly allowEdit?: true;
}

/** Serves the dashboard of a running mesh until a signal; returns the exit code. Throws `Unreachable` when nobody answers. */
export async function runDashboard(options: DashboardCommandOptions): Promise<number> {
  const mesh = isInCluster(options) ? await clusterMesh(options) : localMesh(options);
  // Nobody shall look at an empty page for a mesh that is not there.
  await (await controlPlaneOf(options)).ask('/proxies');
  let dashboard: Awaited<ReturnType<typeof serveDashboard>>;
  try {
    dashboard = await serveDashboard({ ...mesh, port: options.port });
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    return exitCodes.usage;
  }
  print(`dashboard of ${mesh.mesh}: ${dashboard.url}`, 'Ctrl-C stops it.');
  await stopSignal();
  await dashboard.close();
  return exitCodes.fine;
}

type Mesh = Pick<DashboardOptions, 'upstream' | 'mesh' | 'editor'>;

function localMesh(options: DashboardCommandOptions): Mesh {
  const { folder, allowEdit } = options;
  const directory = stateDirectoryOf(options);
  return {
    upstream: withTap(localUpstream(directory), localReach),
    mesh: folder,
    ...(allowEdit ? { editor: fileEditor(folder) } : {}),
  };
}

async function clusterMesh(options: DashboardCommandOptions): Promise<Mesh> {
  const { replicasOf } = await import('../control-plane/replicas.ts');
  const replicas = await replicasOf(options);
  const { connection } = replicas;
  return {
    upstream: withTap(clusterUpstream(replicas), await reachThrough(connection)),
    mesh: `cluster ${connection.context}`,
    ...(options.allowEdit ? { editor: clusterEditor(connection) } : {}),
  };
}
