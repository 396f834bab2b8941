import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';

export interface Program {
  readonly pid: number | undefined;
  /** What it has written so far, both streams. */
  output(): string;
  readonly exited: boolean;
  /** Ends it and waits for that: by SIGTERM, and by SIGKILL when that takes more than `patience` milliseconds. */
  stop(patience: number): Promise<void>;
}

/** Starts a long-running program that ends with this process, also when this process is killed. */
export function startProgram(file: string, args: readonly string[], logFile: string): Program {
  const log = openSync(logFile, 'w');
  const child = spawn(file, args, {
    stdio: ['pipe', log, log],
    env: { ...process.env, SMI_MESH_EXIT_WITH_STDIN: '1' },
  });
  let failure = '';
  child.on('error', (error) => {
    failure = error.message;
  });
  child.stdin?.on('error', () => undefined);
  const exited = (): boolean => failure !== '' || child.exitCode !== null || child.signalCode !== null;
  return {
    pid: child.pid,
    output: () => failure + readFileSync(logFile, 'utf8'),
    get exited() {
      return exited();
    },
    stop: async (patience) => {
      if (!exited()) await end(child, patience);
    },
  };
}

async function end(child: ChildProcess, patience: number): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), patience);
  await gone;
  clearTimeout(timer);
}
