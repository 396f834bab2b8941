import { spawnSync } from 'node:child_process';
import { isKubernetesBuilt } from '../../../scripts/kubernetes.mjs';

const command = 'node scripts/kubernetes.mjs';

/**
 * Why tests of an apiserver are skipped, and what to do about it. Never with `CI=true`, where nothing may go unseen: then
 * it is built, or they fail.
 */
export function apiserverMissing(): string | undefined {
  if (process.env.CI === 'true' || isKubernetesBuilt()) return undefined;
  const go = spawnSync('go', ['version']).status === 0;
  return go
    ? `no kube-apiserver is built yet: \`${command}\` does that once, in about ten minutes`
    : `Go is missing: install it (https://go.dev/doc/install) and run \`${command}\` once, or set KUBEBUILDER_ASSETS`;
}
