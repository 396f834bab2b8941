// `npm run translate:mutants`: puts small faults into what adapters emit with, one at a time, and counts who finds them.
// Options after `--`: --to ADAPTER,..., --most N (so many of each, drawn by --seed), --minutes N, --known FILE, --out FILE.
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

try {
  const node = await setUp();
  const started = performance.now();
  const quiet = '--disable-warning=ExperimentalWarning';
  process.exitCode = await foreground(node, [quiet, 'test/translate/mutants/main.ts', ...process.argv.slice(2)], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run translate:mutants took ${seconds(performance.now() - started)}`);
} catch (error) {
  exitWith(error);
}
