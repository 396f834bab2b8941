// `npm run bench -- NAME [-o json] ...`: sets the checkout up and runs a benchmark. Standard output carries its result alone.
import { foreground } from './lib/run.mjs';
import { exitWith, progress } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  progress.stream = process.stderr;
  console.error('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  const args = ['bench/main.ts', ...process.argv.slice(2)];
  process.exitCode = await foreground(node, args, { cwd: root, env: toolEnvironment });
} catch (error) {
  exitWith(error);
}
