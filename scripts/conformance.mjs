// `npm run conformance:local`: sets the checkout up and runs the conformance suite against everything that needs no cluster.
// With `-- --write` the reports of conformance/reports are written anew, with `-- --reports FOLDER` they go there; `-- --targets simulated,local` takes
// only these; other arguments go to `smi-cli conformance run`.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

const everyTarget = 'simulated,local,local-envoy';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  const given = process.argv.slice(2);
  const write = given.includes('--write');
  const valueAfter = (name) => (given.includes(name) ? given.splice(given.indexOf(name), 2)[1] : undefined);
  const targets = (valueAfter('--targets') ?? everyTarget).split(',');
  const named = write ? join(root, 'conformance/reports') : valueAfter('--reports');
  const args = given.filter((argument) => argument !== '--write');
  const folder = named ?? mkdtempSync(join(tmpdir(), 'smi-reports-'));
  mkdirSync(folder, { recursive: true });
  const cli = (...words) =>
    foreground(node, ['dist/smi-cli.mjs', 'conformance', ...words], { cwd: root, env: toolEnvironment });
  let failed = 0;
  for (const target of targets) {
    const started = performance.now();
    const report = ['--report', join(folder, `${target}.yaml`), '--report', join(folder, `${target}.svg`)];
    failed += (await cli('run', '--target', target, ...report, ...args)) === 0 ? 0 : 1;
    console.log(`${target} took ${seconds(performance.now() - started)}\n`);
  }
  if (named === undefined) rmSync(folder, { recursive: true, force: true });
  console.log(
    `npm run conformance:local took ${seconds(performance.now())}, ${failed} of ${targets.length} targets failed`,
  );
  process.exitCode = failed === 0 ? 0 : 1;
} catch (error) {
  exitWith(error);
}
