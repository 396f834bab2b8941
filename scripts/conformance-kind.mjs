// `npm run conformance:kind`: the conformance suite on a cluster of kind with two nodes (conformance/kind.yaml), which is made for it and
// deleted afterwards. docs/conformance.md has the options.
import { ensureKind, requireDocker } from './kind.mjs';
import { foreground } from './lib/run.mjs';
import { exitWith, seconds } from './lib/steps.mjs';
import { findEnvoy, root, setUp, toolEnvironment } from './setup.mjs';

try {
  requireDocker();
  const kind = ensureKind(console.log);
  console.log('smi-mesh: setting up');
  const node = await setUp();
  await findEnvoy();
  process.exitCode = await foreground(node, ['test/cluster/kind/main.ts', ...process.argv.slice(2)], {
    cwd: root,
    env: { ...toolEnvironment, KIND_BIN: kind },
  });
  console.log(`npm run conformance:kind took ${seconds(performance.now())}`);
} catch (error) {
  exitWith(error);
}
