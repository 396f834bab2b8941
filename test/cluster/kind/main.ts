// `main.ts [--keep] [--mesh FILE [--install COMMAND]] [--image IMAGE] [ARGUMENT ...]`: the conformance suite on a cluster of kind. KIND_BIN is the program.
// Arguments go to `smi-cli conformance run`; without any, all core cases are run.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { conformanceImage, meshImages } from '../lab/images.ts';
import { kindPlan, parseKindOptions, runPlan, type Step } from './plan.ts';

const options = parseKindOptions(process.argv.slice(2));
if (!options.ok) {
  console.error(`error: ${options.error}`);
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), 'smi-kind-'));
const kubeconfig = join(folder, 'kubeconfig');
const values = join(folder, 'values.yaml');
const logs = join(folder, 'logs');
writeFileSync(values, 'config: { trafficMetrics: { api: true } }\n');
const plan = kindPlan(options.value, {
  ...{ kind: process.env.KIND_BIN ?? 'kind', node: process.execPath, kubeconfig, values, logs },
  ...{ images: meshImages(console.log), application: conformanceImage },
});
// A stop ends the step that runs; what follows a failure comes then too.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.exitCode = await runPlan(plan, inForeground);
if (process.exitCode !== 0) console.error(`the logs of the cluster are in ${logs}`);
if (options.value.keep) console.log(`the cluster stands: export KUBECONFIG=${kubeconfig}`);
else if (process.exitCode === 0) rmSync(folder, { recursive: true, force: true });

function inForeground({ title, argv: [program, ...args] }: Step): Promise<number> {
  console.log(`\n${title}: ${[program, ...args].join(' ')}`);
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
    child.once('error', (error) => {
      console.error(`error: ${program} cannot be run: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
  });
}
