import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { kubernetesFolder } from '../../../scripts/kubernetes.mjs';

export interface KubectlRun {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const timeout = 300_000;

/** Runs the real kubectl with a kubeconfig; whatever its end, the result is a value. */
export async function runKubectl(kubeconfig: string, args: readonly string[], input = ''): Promise<KubectlRun> {
  const child = spawn(join(kubernetesFolder(), 'kubectl'), ['--kubeconfig', kubeconfig, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout,
  });
  const closed = new Promise<number>((resolve, reject) => {
    child.on('error', reject).on('close', (code) => resolve(code ?? 1));
  });
  child.stdin.on('error', () => undefined).end(input);
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, stdout, stderr };
}
