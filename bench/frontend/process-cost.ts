import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { BenchFailure } from '../failure.ts';

export interface ProcessCost {
  /** From the start to the end of the process, seen from outside. */
  readonly wallMillis: number;
  /** The most memory that was resident at once. */
  readonly peakBytes: number;
  readonly stdout: string;
}

const defaultLimitMillis = 120_000;
const sampleMillis = 5;

/** Runs a program to its end; any other exit code than those in `codes` is a failure. */
export async function costOf(
  command: string,
  args: readonly string[],
  {
    codes = [0],
    env = process.env,
    limitMillis = defaultLimitMillis,
  }: { readonly codes?: readonly number[]; readonly env?: NodeJS.ProcessEnv; readonly limitMillis?: number } = {},
): Promise<ProcessCost> {
  const started = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMillis, env });
  let peakBytes = 0;
  // The kernel keeps the high-water mark, so that only what grows in the last milliseconds can be missed.
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, residentPeak(child.pid));
  }, sampleMillis);
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output.stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    output.stderr = (output.stderr + chunk).slice(-2_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', (error) => reject(new BenchFailure(`${command} could not be started: ${error.message}`)));
    child.once('close', resolve);
  }).finally(() => clearInterval(timer));
  const wallMillis = performance.now() - started;
  if (code === null || !codes.includes(code)) {
    throw new BenchFailure(
      `${command} ${args.join(' ')} ended with ${code}\n${(output.stderr || output.stdout).trimEnd()}`,
    );
  }
  return { wallMillis, peakBytes, stdout: output.stdout };
}

/** `VmHWM` of proc(5), in bytes; 0 when the process is gone. */
function residentPeak(pid: number | undefined): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
