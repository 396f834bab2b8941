import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { removeCgroups } from './cgroups.ts';
import { shell } from './shell.ts';

/** On disk, because containers' layers cannot lie on an overlay or fit in memory; the same for all users of the machine. */
const root = '/var/tmp/smi-mesh-lab';

/** The kernel releases the name when its process is gone, however that ended. */
const lockName = '\0smi-mesh-lab';
const lockTimeout = 30 * 60_000;

/** What a kubelet sets on its machine. */
const sysctls = ['kernel/panic', 'kernel/panic_on_oops', 'vm/overcommit_memory', 'vm/panic_on_oom'];
const sysctlsFile = 'sysctls.json';
const ownerFile = 'owner';

export interface RunFolder {
  readonly path: string;
  /** The name for the network link between lab and machine. */
  readonly link: string;
  /** Removes what the lab left on the machine, and lets the next one start. */
  release(): Promise<void>;
}

/**
 * A folder for a new lab, held by this process: until it is released or this process is gone, others wait for it. What killed
 * runs left is removed first; what this one leaves, when it is killed, is removed by a process that watches it.
 */
export async function takeRunFolder(): Promise<RunFolder> {
  const lock = await takeLock();
  mkdirSync(root, { recursive: true, mode: 0o711 });
  for (const name of readdirSync(root)) await removeLeftovers(join(root, name));
  const path = mkdtempSync(join(root, 'run-'));
  writeFileSync(join(path, sysctlsFile), JSON.stringify(sysctls.map((name) => [name, readSysctl(name)])));
  writeFileSync(join(path, ownerFile), String(process.pid));
  const watchdog = startWatchdog(path);
  return {
    path,
    link: linkOf(path),
    release: async () => {
      await removeLeftovers(path);
      await end(watchdog);
      await new Promise((resolve) => lock.close(resolve));
    },
  };
}

/** The process whose lab runs, a test run's or a person's. */
export function runningOwner(): number | undefined {
  const files = existsSync(root) ? readdirSync(root).map((name) => join(root, name, ownerFile)) : [];
  const owners = files.filter((file) => existsSync(file)).map((file) => Number(readFileSync(file, 'utf8')));
  return owners.find((pid) => existsSync(`/proc/${pid}/exe`));
}

async function takeLock(): Promise<Server> {
  const deadline = Date.now() + lockTimeout;
  for (;;) {
    const server = createServer();
    const taken = await new Promise<boolean>((resolve, reject) => {
      server.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE' && Date.now() < deadline) resolve(false);
        else reject(error);
      });
      server.listen(lockName, () => resolve(true));
    });
    if (taken) return server.unref();
    await delay(250);
  }
}

/** It lives as long as this process and a moment longer. */
function startWatchdog(path: string): ChildProcess {
  const program = fileURLToPath(new URL('watchdog.ts', import.meta.url));
  const child = spawn(process.execPath, [program, path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  child.unref();
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Puts a machine back as it was before the lab of a folder, and removes the folder. */
export async function removeLeftovers(path: string): Promise<void> {
  for (const name of existsSync(path) ? readdirSync(path) : []) await removeCgroups(join(path, name));
  // Connections that were cut off hold a network namespace for minutes, and with it the link.
  await shell('ip', 'link', 'delete', linkOf(path)).catch(() => undefined);
  const saved = join(path, sysctlsFile);
  if (existsSync(saved)) {
    for (const [name, value] of JSON.parse(readFileSync(saved, 'utf8')) as readonly [string, string][]) {
      if (readSysctl(name) !== value) writeFileSync(`/proc/sys/${name}`, value);
    }
  }
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

/** A name of at most 15 bytes. */
const linkOf = (path: string): string => path.slice(root.length + 1).replace('run-', 'smi-lab-');

function readSysctl(name: string): string {
  return readFileSync(`/proc/sys/${name}`, 'utf8');
}
