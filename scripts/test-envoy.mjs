// `npm run test:envoy`: sets the checkout up, fetches the real Envoy, and runs the long tests of it over ADS. Arguments after
// `--` go to vitest.
import { exitWith } from './lib/steps.mjs';
import { findEnvoy, setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  await runVitest(node, 'npm run test:envoy', 'test/envoy/vitest.config.ts');
} catch (error) {
  exitWith(error);
}
