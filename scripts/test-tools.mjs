// `npm run test:tools`: sets the checkout up, builds Kubernetes and the tools that work with a mesh when they are missing, and
// runs their tests. Arguments after `--` go to vitest. What is missing is skipped, and fails where CI=true.
import { ensureWholeKubernetes, kubernetesVersion } from './kubernetes.mjs';
import { exitWith, optionalStep } from './lib/steps.mjs';
import { setUp } from './setup.mjs';
import { ensureTool, toolNames, toolVersion } from './tools.mjs';
import { runVitest } from './vitest.mjs';

try {
  console.log('smi-mesh: setting up');
  const node = await setUp();
  const log = (line) => console.log(`\n    ${line}`);
  await optionalStep(`Kubernetes ${kubernetesVersion}`, () => ensureWholeKubernetes(log));
  for (const name of toolNames) await optionalStep(`${name} ${toolVersion(name)}`, () => ensureTool(name, log));
  await runVitest(node, 'npm run test:tools', 'test/cluster/tools/vitest.config.ts');
} catch (error) {
  exitWith(error);
}
