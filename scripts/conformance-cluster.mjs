// `npm run conformance:cluster`: the conformance suite on the cluster of the tests, a whole Kubernetes on this machine, with both data
// planes. With `-- --write` the reports of conformance/reports are written anew, with `-- --reports FOLDER` they go there; other arguments go to
// `smi-cli conformance run`.
import { ensureClusterPrograms } from './cluster-programs.mjs';
import { ensureWholeKubernetes } from './kubernetes.mjs';
import { missingForCluster } from './lib/cluster-requirements.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, StepError, seconds } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const missing = missingForCluster();
  if (missing) throw new StepError(`no cluster with nodes can run here: ${missing.reason}`, missing);
  const node = await setUp();
  await findEnvoy();
  ensureWholeKubernetes(console.log);
  ensureClusterPrograms(console.log);
  process.exitCode = await foreground(node, ['test/cluster/conformance/main.ts', ...process.argv.slice(2)], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run conformance:cluster took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}
