// `npm test`: sets the checkout up, fetches the real Envoy, and runs every test. Arguments after `--` go to vitest. A
// kube-apiserver is built only where CI=true: that takes minutes, and without it the tests of it are skipped.
import { ensureKubernetes, kubernetesVersion } from './kubernetes.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, seconds, step } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  if (process.env.CI === 'true') await step(`Kubernetes ${kubernetesVersion}`, () => void ensureKubernetes());
  const args = ['run', ...process.argv.slice(2)];
  console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm test took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}
