// `npm run translate:prove`: asks what every translator writes of every golden case about 10,000 requests each, and changes every field of
// the cases to see whether the ledger is right about it. Options after `--`: --case REGEX, --to TARGET (`istio`, `"istio routes=gateway-api"`), --count N, --seed N.
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { root, setUp, toolEnvironment } from './setup.mjs';

try {
  const node = await setUp();
  const started = performance.now();
  const quiet = '--disable-warning=ExperimentalWarning';
  process.exitCode = await foreground(node, [quiet, 'test/translate/prove.ts', ...process.argv.slice(2)], {
    cwd: root,
    env: toolEnvironment,
  });
  console.log(`npm run translate:prove took ${seconds(performance.now() - started)}`);
} catch (error) {
  exitWith(error);
}
