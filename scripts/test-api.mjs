// `npm run test:api`: sets the checkout up and runs the tests of a Kubernetes apiserver. Arguments after `--` go to vitest. Kubernetes
// is built only where CI=true: that takes minutes, and without it they are skipped.
import { ensureKubernetes, kubernetesVersion } from './kubernetes.mjs';
import { exitWith, step } from './lib/steps.mjs';
import { setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  if (process.env.CI === 'true') await step(`Kubernetes ${kubernetesVersion}`, () => void ensureKubernetes());
  await runVitest(node, 'npm run test:api', 'test/cluster/api/vitest.config.ts');
} catch (error) {
  exitWith(error);
}
