import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

export interface RunningBookstore {
  /** A copy of the example, whose files may be changed. */
  readonly folder: string;
  /** With the token. */
  readonly url: string;
  stop(): Promise<void>;
}

const startMillis = 120_000;
const example = 'examples/bookstore';

/** `smi-cli up` on a copy of the bookstore, which may be edited before, with its page, until every pod is ready. */
export async function runBookstore(
  edit: (folder: string) => void = () => {},
  more: readonly string[] = [],
): Promise<RunningBookstore> {
  const directory = mkdtempSync(join(tmpdir(), 'smi-dashboard-'));
  const folder = join(directory, example);
  cpSync(example, folder, { recursive: true });
  edit(folder);
  const options = [
    '--quiet',
    '-o',
    'json',
    '--state',
    join(directory, 'state'),
    '--dashboard-port',
    '0',
    '--allow-edit',
    ...more,
  ];
  // Places are named as they would be in the checkout.
  const child = spawn(process.execPath, [resolve('src/cli/main.ts'), 'up', example, ...options], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    await ended(child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    return { folder, url: await started(child), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function started(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let url: string | undefined;
    let complaints = '';
    const timer = setTimeout(() => reject(new Error(`not ready in time: ${complaints}`)), startMillis);
    child.stderr?.on('data', (piece) => {
      complaints += String(piece);
    });
    child.once('exit', (code) => reject(new Error(`up ended with ${code}: ${complaints}`)));
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line) as { readonly type: string; readonly url?: string };
      if (event.type === 'dashboard') url = event.url;
      if (event.type !== 'ready' || url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGINT');
  await exit;
}
