// `npm run test:cluster`: sets the checkout up, builds etcd and kube-apiserver when they are missing, and runs the tests
// that need a real apiserver. Arguments after `--` go to vitest. Without Go they are skipped, and fail where CI=true.
import { ensureKubernetes, kubernetesVersion } from './kubernetes.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, StepError, seconds, step } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  if (await findKubernetes()) {
    const args = ['run', '--config', 'test/cluster/vitest.config.ts', ...process.argv.slice(2)];
    console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
    process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
      cwd: root,
      env: toolEnvironment,
    });
    console.log(`npm run test:cluster took ${seconds(performance.now())}`);
  }
} catch (error) {
  exitWith(error);
}

/** Whether the tests can run; where they must and cannot, it throws. */
async function findKubernetes() {
  let found = true;
  await step(`Kubernetes ${kubernetesVersion}`, () => {
    try {
      ensureKubernetes((line) => console.log(`\n    ${line}`));
    } catch (error) {
      if (!(error instanceof StepError) || process.env.CI === 'true') throw error;
      found = false;
      return `skipped: ${error.message}; ${error.hint}  `;
    }
  });
  return found;
}
