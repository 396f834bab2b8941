import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dnsService, maximumNodes, nodeAddress, nodeName, nodePodRange, podRange } from './addresses.ts';
import { createCgroups, removeCgroups } from './cgroups.ts';
import { kubeconfigOf } from './kubeconfig.ts';
import { joinNetwork, leaveNetwork } from './network.ts';
import { shell } from './shell.ts';

export interface LabNode {
  readonly name: string;
  readonly address: string;
  /** Runs a program in all namespaces of the node and gives its standard output. */
  exec(command: string, ...args: readonly string[]): Promise<string>;
  /** Sets the clock of its containers so many seconds before that of the machine, at once for those that run; see `LabOptions.clocks`. */
  setClock(seconds: number): void;
  /** Kills everything on it at once, as if its power were cut. */
  kill(): Promise<void>;
}

export interface NodeOptions {
  readonly number: number;
  readonly folder: string;
  /** Where the keys of the control plane are. */
  readonly keys: string;
  readonly programs: string;
  /** Of the network namespace with the control plane. */
  readonly networkHolder: number;
  /** Archives that are there before the kubelet is. */
  readonly images: readonly string[];
  /** Whether the clock of its containers can be set. */
  readonly clock: boolean;
}

const main = fileURLToPath(new URL('node-main.sh', import.meta.url));
const clockSource = fileURLToPath(new URL('clock.c', import.meta.url));
const namespaces = ['--net', '--mount', '--propagation=private', '--uts', '--ipc', '--pid', '--cgroup'];

/** Starts a node; it registers itself some seconds later. It ends with this process. */
export async function startNode(options: NodeOptions): Promise<LabNode> {
  const { number, folder, keys, programs, networkHolder, images } = options;
  const name = nodeName(number);
  const address = nodeAddress(number);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(keys, 'ca.crt'), join(folder, 'ca.crt'));
  for (const [file, user] of Object.entries({ kubelet: name, proxy: 'proxy' })) {
    writeFileSync(join(folder, `${file}.kubeconfig`), kubeconfigOf(keys, user), { mode: 0o600 });
  }
  const runtime = options.clock ? await runtimeWithClock(folder) : { RUNC: 'runc' };
  const cgroups = createCgroups(folder, number);
  const log = openSync(join(folder, 'node.log'), 'a');
  const args = [name, address, nodePodRange(number), folder, programs, ...images];
  const joinCgroups = `for group in ${cgroups.join(' ')}; do echo $$ >$group/cgroup.procs; done; exec "$@"`;
  const child = spawn(
    '/bin/bash',
    ['-c', joinCgroups, 'node', 'unshare', ...namespaces, '--fork', '--kill-child', '--mount-proc', main, ...args],
    { stdio: ['pipe', log, log], env: { ...process.env, DNS_SERVICE: dnsService, POD_RANGE: podRange, ...runtime } },
  );
  child.stdin?.on('error', () => undefined);
  const first = await firstProcess(child);
  const others = Array.from({ length: maximumNodes }, (_, index) => index + 1).filter((other) => other !== number);
  await joinNetwork(networkHolder, first, number, others);
  child.stdin?.write('the network is there\n');
  return {
    name,
    address,
    exec: (command, ...rest) => shell('nsenter', `--target=${first}`, '--all', '--', command, ...rest),
    setClock: (seconds) => writeFileSync(join(folder, clockFile), offset(seconds)),
    kill: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = once(child, 'exit');
        // Or the kernel would say for its programs that their connections end. Without the network there is nothing to cut.
        await leaveNetwork(networkHolder, number).catch(() => undefined);
        process.kill(first, 'SIGKILL');
        await gone;
      }
      await removeCgroups(folder);
    },
  };
}

const clockFile = 'clock/offset';
const offset = (seconds: number): string => `${seconds < 0 ? '' : '+'}${seconds}\n`;

async function runtimeWithClock(folder: string): Promise<Readonly<Record<string, string>>> {
  const clock = join(folder, 'clock');
  mkdirSync(clock, { recursive: true });
  const flags = ['-O2', '-shared', '-fPIC', '-nostdlib', '-ffreestanding', '-fno-builtin'];
  await shell('gcc', ...flags, '-o', join(clock, 'clock.so'), clockSource);
  writeFileSync(join(folder, clockFile), offset(0));
  const wrapper = fileURLToPath(new URL('runc-with-clock.sh', import.meta.url));
  return { RUNC: wrapper, LAB_NODE: process.execPath, LAB_CLOCK: clock };
}

/** The process that is number 1 in the namespaces of `unshare`. */
async function firstProcess(unshare: ChildProcess): Promise<number> {
  const deadline = Date.now() + 20_000;
  while (Date.now() < deadline && unshare.exitCode === null) {
    const child = childOf(unshare.pid);
    if (child !== undefined) return child;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('the namespaces of a node could not be made');
}

/** Until it is the script, in its namespaces, the child may still be one of the shell's, which ends at any moment. */
function childOf(parent: number | undefined): number | undefined {
  try {
    const child = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').split(' ')[0] ?? '';
    const isScript = readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('node-main.sh');
    return isScript && /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${child}/status`, 'utf8')) ? Number(child) : undefined;
  } catch {
    return undefined;
  }
}
