// `npm run test:interop`: sets the checkout up, fetches or builds what other languages need, and runs the long tests with
// their programs. Arguments after `--` go to vitest. What is missing is skipped, and fails where CI=true.
import { ensureGoPeer, ensureGoXdsClient, ensurePython } from './interop.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, StepError, seconds, step } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  await find('gRPC for Python', ensurePython);
  await find('gRPC for Go', ensureGoPeer);
  await find('xDS in Go', ensureGoXdsClient);
  const args = ['run', '--config', 'test/interop/vitest.config.ts', ...process.argv.slice(2)];
  console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run test:interop took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}

async function find(title, ensure) {
  await step(title, () => {
    try {
      ensure();
      return 'there';
    } catch (error) {
      if (!(error instanceof StepError) || process.env.CI === 'true') throw error;
      return `skipped: ${error.message}; ${error.hint}  `;
    }
  });
}
