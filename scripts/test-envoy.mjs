// `npm run test:envoy`: sets the checkout up, fetches the real Envoy, and runs the long tests of it over ADS. Arguments after
// `--` go to vitest.
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  const args = ['run', '--config', 'test/envoy/vitest.config.ts', ...process.argv.slice(2)];
  console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run test:envoy took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}
