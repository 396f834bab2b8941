import type { Target } from '../../conformance/target.ts';
import { dataPlanes } from '../data-planes.ts';
import { envoyRuntime, findEnvoy } from '../envoy-runtime.ts';
import { exitCodes } from '../exit-codes.ts';
import { refused, wrongUse } from '../wrong-use.ts';
import type { TargetName } from './target-names.ts';

export interface TargetOptions {
  readonly target: TargetName;
  readonly envoy?: string;
  readonly mesh?: string;
  readonly image: string;
  readonly context?: string;
  readonly kubeconfig?: string;
  readonly controllerNamespace: string;
}

/** The target that was asked for, or the exit code where there is none; throws `Unreachable` when its cluster cannot be reached. */
export async function targetOf(options: TargetOptions): Promise<Target | number> {
  if (options.target === 'simulated') return (await import('../../conformance/targets/simulated.ts')).simulatedTarget();
  if (options.target === 'cluster') return clusterTargetOf(options);
  if (options.target === 'program') return programTargetOf(options);
  const { localEnvoyTarget, localTarget } = await import('../../conformance/targets/local/target.ts');
  if (options.target === 'local') return localTarget(dataPlanes);
  const binary = findEnvoy(options.envoy);
  if (binary !== undefined) return localEnvoyTarget(dataPlanes, envoyRuntime(binary));
  process.stderr.write('error: there is no Envoy to run; name one by --envoy or ENVOY_BIN\n');
  return exitCodes.unreachable;
}

async function clusterTargetOf(options: TargetOptions): Promise<Target | number> {
  const { readMesh, usualMeshFile } = await import('../../conformance/targets/description.ts');
  const file = options.mesh ?? usualMeshFile();
  const read = readMesh(file);
  if (!read.ok) return refused(read.error);
  const mesh = read.value;
  if (mesh.kind !== 'cluster') return wrongUse(`${file}: describes a program; run it by --target program`);
  const { clusterTarget } = await import('../../conformance/targets/cluster/target.ts');
  const { meshCluster } = await import('./mesh-cluster.ts');
  const { connection, landed } = await meshCluster(options, mesh.settles === 'smi-mesh-controller');
  return clusterTarget({ connection, landed, mesh, image: options.image });
}

async function programTargetOf({ mesh: file }: TargetOptions): Promise<Target | number> {
  if (file === undefined) return wrongUse('--target program needs --mesh FILE, which says how the program is started');
  const { readMesh } = await import('../../conformance/targets/description.ts');
  const read = readMesh(file);
  if (!read.ok) return refused(read.error);
  if (read.value.kind !== 'program')
    return wrongUse(`${file}: describes a mesh in a cluster; run it by --target cluster`);
  const { programTarget } = await import('../../conformance/targets/program/target.ts');
  return programTarget(read.value);
}
