import { join } from 'node:path';
import { foreground } from './lib/run.mjs';
import { seconds } from './lib/steps.mjs';
import { root, toolEnvironment } from './setup.mjs';

/**
 * Runs vitest in the foreground for `npm run NAME`, with what follows `--` on this command line, and ends with its exit code. `config`
 * is a file of the repository where it is not the usual one.
 */
export async function runVitest(node, name, config) {
  const args = ['run', ...(config === undefined ? [] : ['--config', config]), ...process.argv.slice(2)];
  console.log(`\nvitest ${args.join(' ')}   (set up in ${seconds(performance.now())})\n`);
  process.exitCode = await foreground(node, ['node_modules/vitest/vitest.mjs', ...args], {
    cwd: root,
    // What one process of hundreds has compiled the next one finds.
    env: { ...toolEnvironment, NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled') },
  });
  console.log(`${name} took ${seconds(performance.now())}`);
}
