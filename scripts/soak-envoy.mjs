// `npm run soak:envoy -- [--duration 10m] [--rate 550] [--every 1s] [--variant delta|sotw] [--retries on|off] [--seed N]`: random
// changes of splits, services and endpoints with the real Envoy under load. Prints figures; fails when a request failed.
import { foreground } from './lib/run.mjs';
import { exitWith } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  const node = await setUp();
  await findEnvoy();
  process.exitCode = await foreground(node, ['test/envoy/soak/main.ts', ...process.argv.slice(2)], {
    cwd: root,
    env: toolEnvironment,
  });
} catch (error) {
  exitWith(error);
}
