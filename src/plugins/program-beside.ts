import { type ChildProcess, spawn } from 'node:child_process';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import type { Result } from '../lib/result.ts';
import type { Answers } from './answer.ts';
import { answerOf, type Ended, nameFault, type Operation, type ProgramLimits } from './program.ts';

/**
 * Asks a program once, as `askProgram` does, while this process goes on. The program leads a process group of its own, which
 * ends with its answer, with `signal`, when it takes too long or says too much, and with this process.
 */
export async function askProgramBeside<O extends Operation>(
  program: string,
  operation: O,
  question: string,
  limits: ProgramLimits,
  signal: AbortSignal,
): Promise<Result<Answers[O], readonly Diagnostic[]>> {
  const ended = nameFault(program) ?? (await run(program, question, limits, signal));
  return answerOf(program, operation, ended, limits);
}

function run(program: string, question: string, limits: ProgramLimits, signal: AbortSignal): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    const parts: Buffer[] = [];
    let bytes = 0;
    const end = (ended: Partial<Ended>) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      process.removeListener('exit', onExit);
      endGroup(child);
      resolve({ stdout: Buffer.concat(parts), status: null, signal: null, ...ended });
    };
    const onExit = () => endGroup(child);
    const onAbort = () => end({ signal: 'SIGKILL' });
    const timer = setTimeout(() => end({ code: 'ETIMEDOUT' }), limits.timeoutMillis);
    process.once('exit', onExit);
    signal.addEventListener('abort', onAbort);
    child.once('error', (error: NodeJS.ErrnoException) => end({ code: error.code ?? error.message }));
    // A grandchild that keeps standard output open is ended by the timeout.
    child.once('close', (status, by) => end({ status, signal: by }));
    child.stdout.on('data', (part: Buffer) => {
      parts.push(part);
      bytes += part.length;
      if (bytes > limits.maxBytes) end({ code: 'ENOBUFS' });
    });
    // A program that does not read the question ends, or is ended, with a fault of its own.
    child.stdin.on('error', () => undefined);
    child.stdin.end(question);
    if (signal.aborted) onAbort();
  });
}

function endGroup({ pid, stdout }: ChildProcess): void {
  stdout?.destroy();
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // All of it has ended.
  }
}
