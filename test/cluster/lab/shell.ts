import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

/** Runs a program of the machine to its end and gives its standard output; its failure is an error with what it printed. */
export async function shell(command: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(command, args, { maxBuffer: 64 << 20, timeout: 120_000 });
  return stdout;
}

/** The arguments of nsenter for the network namespace of a process. */
export const networkOf = (pid: number): string => `--net=/proc/${pid}/ns/net`;

/** Lines of commands in the network namespace of a process, stopped at the first that fails. */
export function inNetworkOf(pid: number, lines: readonly string[]): Promise<string> {
  return shell('nsenter', networkOf(pid), '/bin/sh', '-ec', lines.join('\n'));
}
