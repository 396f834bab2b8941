// `npm run test:dashboard`: sets the checkout up, builds the page, and runs its tests in a real browser. Arguments after `--` go to vitest.
import { buildDashboard } from './dashboard.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp({ build: false });
  buildDashboard(`${root}/dist/dashboard`, node);
  const args = ['run', '--config', 'test/dashboard/vitest.config.ts', ...process.argv.slice(2)];
  console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run test:dashboard took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}
