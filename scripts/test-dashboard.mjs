// `npm run test:dashboard`: sets the checkout up, fetches the real Envoy, builds the page, and runs its tests in a real browser. Arguments after `--` go to vitest.
import { buildDashboard } from './dashboard.mjs';
import { exitWith } from './lib/steps.mjs';
import { findEnvoy, root, setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp({ build: false });
  await findEnvoy();
  buildDashboard(`${root}/dist/dashboard`, node);
  await runVitest(node, 'npm run test:dashboard', 'test/dashboard/vitest.config.ts');
} catch (error) {
  exitWith(error);
}
