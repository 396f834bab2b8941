// `npm test`: sets the checkout up, fetches the real Envoy, and runs the tests that need nothing else. Arguments after `--` go to vitest.
import { exitWith } from './lib/steps.mjs';
import { findEnvoy, setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  await runVitest(node, 'npm test');
} catch (error) {
  exitWith(error);
}
