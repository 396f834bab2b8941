import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isKubernetesBuilt } from '../../../../scripts/kubernetes.mjs';
import { ensureTool, isToolBuilt, type ToolName, toolVersion } from '../../../../scripts/tools.mjs';
import type { ClusterAccess } from '../../support/access.ts';
import { runKubectl } from '../../support/kubectl.ts';
import { type Program, startProgram } from '../../support/process.ts';

/** The title of a tool's tests, and whether they are skipped; never with `CI=true`, where it is built or they fail. */
export function toolTests(name: ToolName): { readonly title: string; readonly skipped: boolean } {
  const skipped = process.env.CI !== 'true' && !(isToolBuilt(name) && isKubernetesBuilt());
  const reason = 'it or Kubernetes is not built yet, which `npm run test:tools` does once';
  return { title: `${name} ${toolVersion(name)}${skipped ? ` (not tried: ${reason})` : ''}`, skipped };
}

const folderOf = (name: ToolName): string => ensureTool(name, (line) => console.log(line));

/** The kernel ends it with this process, however that ends. */
export function startTool(name: ToolName, args: readonly string[], folder: string): Program {
  const command = ['--pdeathsig', 'KILL', join(folderOf(name), name), ...args];
  return startProgram('setpriv', command, join(folder, `${name}.log`));
}

/** Applies what came with a tool: a file, or those of a folder. */
export async function applyOf(cluster: ClusterAccess, name: ToolName, what: string): Promise<void> {
  const path = join(folderOf(name), what);
  const files = what.endsWith('.yaml')
    ? [path]
    : readdirSync(path).flatMap((file) => (/^(?!kustomization).*\.yaml$/.test(file) ? [join(path, file)] : []));
  const args = ['apply', '--server-side', ...files.map((file) => `--filename=${file}`)];
  const { status, stderr } = await runKubectl(cluster.kubeconfig, args);
  if (status !== 0) throw new Error(stderr);
}
