// `main.ts [--keep] [--mesh FILE [--install COMMAND]] [--image IMAGE] [--config FILE] [ARGUMENT ...]`: the conformance suite on a cluster of kind. KIND_BIN is the program.
// Arguments go to `smi-cli conformance run`; without any, all core cases are run.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCluster } from '../../../scripts/kind.mjs';
import { conformanceImage, meshImages } from '../lab/images.ts';
import { clusterName, kindPlan, parseKindOptions, runPlan, type Step } from './plan.ts';

const options = parseKindOptions(process.argv.slice(2));
if (!options.ok) {
  console.error(`error: ${options.error}`);
  process.exit(2);
}
const kind = process.env.KIND_BIN ?? 'kind';
// It would be deleted at the end.
if (hasCluster(kind, clusterName)) {
  console.error(`error: a cluster ${clusterName} is there already`);
  console.error(`  hint: ${kind} delete cluster --name=${clusterName}`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'smi-kind-'));
const kubeconfig = join(folder, 'kubeconfig');
const values = join(folder, 'values.yaml');
const logs = join(folder, 'logs');
writeFileSync(values, 'config: { trafficMetrics: { api: true } }\n');
const plan = kindPlan(options.value, {
  ...{ kind, node: process.execPath, kubeconfig, values, logs },
  ...{ images: meshImages(console.log), application: conformanceImage },
});
// A stop ends the step that runs, and the cluster is deleted. On a terminal an interrupt reaches that step without us.
const stop = new AbortController();
let running: ChildProcess | undefined;
let stopStatus = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) return;
    stopStatus = 128 + constants.signals[signal];
    stop.abort();
    if (signal !== 'SIGINT' || !process.stdin.isTTY) running?.kill(signal);
  });
}
const status = await runPlan(plan, inForeground, stop.signal);
process.exitCode = stopStatus || status;
const collected = existsSync(logs);
if (collected) console.error(`the logs of the cluster are in ${logs}`);
if (options.value.keep)
  console.log(`the cluster stands: export KUBECONFIG=${kubeconfig}; ${kind} delete cluster --name=${clusterName}`);
else if (!collected) rmSync(folder, { recursive: true, force: true });

function inForeground({ title, argv: [program, ...args] }: Step): Promise<number> {
  console.log(`\n${title}: ${[program, ...args].join(' ')}`);
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, KUBECONFIG: kubeconfig } });
    child.once('error', (error) => {
      console.error(`error: ${program} cannot be run: ${error.message}`);
      resolve(1);
    });
    child.once('close', (code) => resolve(code ?? 1));
    running = child;
  });
}
