// `main.ts up [NODES]` starts the cluster of the tests for people and leaves it running; `main.ts down` stops it.
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { kubernetesFolder } from '../../../scripts/kubernetes.mjs';
import { isAlive } from '../../e2e/support/mesh.ts';
import { meshImages } from './images.ts';
import { startLab } from './lab.ts';
import { runningOwner } from './run-folder.ts';

const program = fileURLToPath(import.meta.url);
const [action, argument] = process.argv.slice(2);
const actions: Readonly<Record<string, () => Promise<void>>> = { up, down, serve };
await (actions[action ?? ''] ?? usage)();

async function up(): Promise<void> {
  const owner = runningOwner();
  if (owner !== undefined) fail(`a cluster runs already, of process ${owner}; \`npm run cluster:down\` stops it`);
  const log = join(mkdtempSync(join(tmpdir(), 'smi-mesh-lab-')), 'log');
  const file = openSync(log, 'a');
  const server = spawn(process.execPath, [program, 'serve', argument ?? '2'], {
    detached: true,
    stdio: ['ignore', file, file, 'ipc'],
  });
  const kubeconfig = await new Promise<string>((resolve) => {
    server.on('message', (message) => resolve(String(message)));
    server.on('exit', () => fail(`the cluster could not be started:\n${readFileSync(log, 'utf8')}`));
  });
  server.removeAllListeners('exit').disconnect();
  server.unref();
  console.log(`The cluster is ready. It runs until \`npm run cluster:down\`; its log is ${log}\n`);
  console.log(`export KUBECONFIG=${kubeconfig}`);
  console.log(`export PATH=${kubernetesFolder()}:$PATH   # kubectl`);
}

async function down(): Promise<void> {
  const owner = runningOwner();
  if (owner === undefined) return console.log('no cluster runs');
  process.kill(owner, 'SIGTERM');
  const deadline = Date.now() + 60_000;
  while (isAlive(owner)) {
    if (Date.now() > deadline) fail(`process ${owner} does not end`);
    await delay(50);
  }
  console.log('the cluster is gone');
}

/** Holds a cluster until it is asked to end. */
async function serve(): Promise<void> {
  const lab = await startLab({ nodes: Number(argument), images: [meshImages(console.log)], log: console.log });
  const stop = async (): Promise<void> => {
    await lab.stop();
    process.exit();
  };
  for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void stop());
  process.send?.(lab.kubeconfig);
  setInterval(() => undefined, 60_000);
}

async function usage(): Promise<void> {
  fail('usage: main.ts up [NODES] | down');
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
