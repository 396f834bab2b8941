// `npm test`: sets the checkout up, fetches the real Envoy, and runs every test. Arguments after `--` go to vitest. A
// kube-apiserver is built only where CI=true: that takes minutes, and without it the tests of it are skipped.
import { ensureKubernetes, kubernetesVersion } from './kubernetes.mjs';
import { exitWith, step } from './lib/steps.mjs';
import { findEnvoy, setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  if (process.env.CI === 'true') await step(`Kubernetes ${kubernetesVersion}`, () => void ensureKubernetes());
  await runVitest(node, 'npm test');
} catch (error) {
  exitWith(error);
}
