// `npm run test:interop`: sets the checkout up, fetches or builds what other languages need, and runs the long tests with
// their programs. Arguments after `--` go to vitest. What is missing is skipped, and fails where CI=true.
import { ensureGoPeer, ensureGoXdsClient, ensurePython } from './interop.mjs';
import { exitWith, optionalStep } from './lib/steps.mjs';
import { findEnvoy, setUp } from './setup.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  await optionalStep('gRPC for Python', ensurePython);
  await optionalStep('gRPC for Go', ensureGoPeer);
  await optionalStep('xDS in Go', ensureGoXdsClient);
  await runVitest(node, 'npm run test:interop', 'test/interop/vitest.config.ts');
} catch (error) {
  exitWith(error);
}
