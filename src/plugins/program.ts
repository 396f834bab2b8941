import { isUtf8 } from 'node:buffer';
import { spawnSync } from 'node:child_process';
import { contractVersion } from '../adapter/contract.ts';
import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { err, type Result } from '../lib/result.ts';
import { type Answers, readAnswer } from './answer.ts';
import { failure } from './failure.ts';

/** What a program may take. */
export interface ProgramLimits {
  readonly timeoutMillis: number;
  /** Of an answer. */
  readonly maxBytes: number;
}

export const defaultProgramLimits: ProgramLimits = { timeoutMillis: 60_000, maxBytes: 256 * 1024 * 1024 };

export type Operation = keyof Answers;

/** A question as a program reads it: one line of JSON. */
export function questionText(operation: Operation, fields: Readonly<Record<string, unknown>>): string {
  return `${JSON.stringify({ contract: contractVersion, operation, ...fields })}\n`;
}

/** How a program ended, and what it had said by then. */
export interface Ended {
  readonly stdout: Buffer;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it was not run, or was ended: `ETIMEDOUT`, `ENOBUFS`, or what the system says. */
  readonly code?: string;
}

/** Node throws for a name that no program can have. */
export function nameFault(program: string): Ended | undefined {
  if (program !== '' && !program.includes('\0')) return undefined;
  return { stdout: Buffer.of(), status: null, signal: null, code: 'EINVAL' };
}

/**
 * Asks a program once: the question on its standard input, the answer on its standard output; what it writes to standard error
 * goes to ours. Whatever is wrong with it is a finding.
 */
export function askProgram<O extends Operation>(
  program: string,
  operation: O,
  question: string,
  limits: ProgramLimits,
): Result<Answers[O], readonly Diagnostic[]> {
  return answerOf(program, operation, nameFault(program) ?? run(program, question, limits), limits);
}

function run(program: string, question: string, limits: ProgramLimits): Ended {
  const { stdout, status, signal, error } = spawnSync(program, [], {
    input: question,
    stdio: ['pipe', 'pipe', 'inherit'],
    timeout: limits.timeoutMillis,
    maxBuffer: limits.maxBytes,
    killSignal: 'SIGKILL',
  });
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return { stdout, status, signal, ...(code === undefined ? {} : { code }) };
}

/** What a program said, or what is wrong with how it ended. */
export function answerOf<O extends Operation>(
  program: string,
  operation: O,
  { stdout, status, signal, code }: Ended,
  limits: ProgramLimits,
): Result<Answers[O], readonly Diagnostic[]> {
  const fault = (what: string, hint?: string) => err([failure(program, `${operation}: ${what}`, hint)]);
  if (code === 'EINVAL') return fault('it has no name that a program can have', 'Write exec:PROGRAM.');
  if (code === 'ETIMEDOUT') return fault(`no answer within ${limits.timeoutMillis / 1000} s`);
  if (code === 'ENOBUFS') return fault(`the answer is longer than ${limits.maxBytes} bytes`);
  if (code === 'ENOENT')
    return fault('there is no such program', 'Write a path, such as exec:./program, or a name that PATH finds.');
  if (code === 'EACCES') return fault('it cannot be executed', `Make it executable: chmod +x ${program}`);
  if (signal !== null) return fault(`it was ended by ${signal}`);
  if (status !== 0) return fault(`it ended with status ${status}${code === undefined ? '' : ` (${code})`}`);
  if (!isUtf8(stdout)) return fault('the answer is not UTF-8');
  return readAnswer(program, operation, stdout.toString('utf8'));
}
