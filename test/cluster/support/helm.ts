import { execFileSync } from 'node:child_process';
import { ensureHelm, isHelmBuilt } from '../../../scripts/helm.mjs';
import { kubernetesVersion } from '../../../scripts/kubernetes.mjs';

/** Why tests of Helm are skipped; never with `CI=true`, where it is built or they fail. */
export const helmMissing: string | undefined =
  process.env.CI === 'true' || isHelmBuilt()
    ? undefined
    : 'no Helm is built yet: `node scripts/helm.mjs` does that once';

export const chart = 'deploy/chart/smi-mesh';
/** The chart of the first day, which those that have it upgrade from. */
export const firstChart = 'test/fixtures/chart-first';

/** Runs Helm in the project's folder; throws with what it says when it fails. */
export function helm(args: readonly string[], kubeconfig?: string): string {
  const environment = { ...process.env, ...(kubeconfig === undefined ? {} : { KUBECONFIG: kubeconfig }) };
  return execFileSync(ensureHelm(), args, { encoding: 'utf8', env: environment, timeout: 120_000 });
}

/** For commands that ask no cluster. */
export const kubeVersion = ['--kube-version', kubernetesVersion] as const;
