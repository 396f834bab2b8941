// `npm run fuzz -- documents|regex ...`: sets the checkout up and runs a fuzzer for as long as it is told to.
import { foreground } from './lib/run.mjs';
import { exitWith, progress } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  progress.stream = process.stderr;
  console.error('smi-mesh: setting up');
  const node = await setUp({ build: false });
  if (process.argv[2] === 'regex') await findEnvoy();
  const args = ['test/fuzz/main.ts', ...process.argv.slice(2)];
  process.exitCode = await foreground(node, args, { cwd: root, env: toolEnvironment });
} catch (error) {
  exitWith(error);
}
