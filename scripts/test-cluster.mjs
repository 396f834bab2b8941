// `npm run test:cluster`: sets the checkout up, builds Kubernetes when it is missing, and runs the tests that need a whole
// cluster with nodes. Arguments after `--` go to vitest. Where they cannot run they are skipped, and fail where CI=true.

import { ensureClusterPrograms } from './cluster-programs.mjs';
import { ensureWholeKubernetes, kubernetesVersion } from './kubernetes.mjs';
import { missingForCluster } from './lib/cluster-requirements.mjs';
import { exitWith, optionalStep, StepError } from './lib/steps.mjs';
import { findEnvoy, setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  if (await findCluster()) {
    await findEnvoy();
    await runVitest(node, 'npm run test:cluster', 'test/cluster/vitest.config.ts');
  }
} catch (error) {
  exitWith(error);
}

/** Whether the tests can run; where they must and cannot, it throws. */
async function findCluster() {
  return await optionalStep(`Kubernetes ${kubernetesVersion}`, () => {
    const missing = missingForCluster();
    if (missing) throw new StepError(`no cluster with nodes can run here: ${missing.reason}`, missing);
    const log = (line) => console.log(`\n    ${line}`);
    ensureWholeKubernetes(log);
    ensureClusterPrograms(log);
  });
}
