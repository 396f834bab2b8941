// `npm run cluster:up` and `npm run cluster:down`: a whole Kubernetes on this machine, the one of the tests, for people.
import { missingForCluster } from './lib/cluster-requirements.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, StepError } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

const [action, ...rest] = process.argv.slice(2);

try {
  const missing = missingForCluster();
  if (missing) throw new StepError(`no cluster with nodes can run here: ${missing.reason}`, missing);
  const node = await setUp({ build: action === 'up' });
  if (action === 'up') await findEnvoy();
  process.exitCode = await foreground(node, ['test/cluster/lab/main.ts', action, ...rest], {
    cwd: root,
    env: toolEnvironment,
  });
} catch (error) {
  exitWith(error);
}
