import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageRoot } from '../../../src/lib/package-root.ts';
import { BenchFailure } from '../../failure.ts';

const execute = promisify(execFile);

/** The path of one of the benchmark's own programs. */
export const programPath = (name: string): string => join(packageRoot(), 'bench/data-plane/programs', name);

/** Where load comes from: pinned away from the proxy. */
export interface LoadPlace {
  readonly taskset: string;
  readonly cores: string;
}

/** Runs a load program of ours, in a process of its own, with its options as JSON; what it prints is JSON. */
export async function runProgram<Options extends { readonly seconds: number }, Result>(
  { taskset, cores }: LoadPlace,
  program: string,
  options: Options,
): Promise<Result> {
  const args = ['-c', cores, process.execPath, programPath(program), JSON.stringify(options)];
  try {
    const { stdout } = await execute(taskset, args, { timeout: (options.seconds + 30) * 1000 });
    return JSON.parse(stdout) as Result;
  } catch (error) {
    const { stderr = '', message } = error as Error & { readonly stderr?: string };
    throw new BenchFailure(`${program}: ${stderr.trim().split('\n').at(-1) || message}`);
  }
}
