// `npm run conformance:mutants`: puts small faults into what decides about requests, one at a time, and counts which of them the conformance
// suite finds, by all cases that reach each of them. Options after `--`: --group, --local (so many of the adapter and of the proxy each, drawn by
// --seed), --most (so many cases at most), --judged (those of judged.ts, too), --kept FILE (try again only what was not found before), --out FILE.
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

try {
  const node = await setUp();
  const quiet = '--disable-warning=ExperimentalWarning';
  process.exitCode = await foreground(node, [quiet, 'test/mutants/main.ts', ...process.argv.slice(2)], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run conformance:mutants took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}
