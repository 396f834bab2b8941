// `npm test`: sets the checkout up, fetches the real Envoy, and runs every test. Arguments after `--` go to vitest.
import { foreground } from './lib/run.mjs';
import { exitWith, seconds, step } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  const envoy = await findEnvoy();
  const args = ['run', ...process.argv.slice(2)];
  console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    env: { ...toolEnvironment, SMI_MESH_ENVOY: envoy },
  });
  console.log(`npm test took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}

async function findEnvoy() {
  let binary = '';
  await step('Envoy', async () => {
    const { ensureEnvoy } = await import('./envoy.mjs');
    binary = await ensureEnvoy();
  });
  return binary;
}
