import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { BenchFailure } from '../failure.ts';

export interface ProgramStart {
  readonly name: string;
  readonly taskset: string;
  readonly cores: string;
  readonly command: string;
  readonly args: readonly string[];
}

/** A program that is told lines and tells lines. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #exited: Promise<unknown>;
  #complaint = '';

  /** Pinned to its cores; `taskset` replaces itself, so the pid is the program's. */
  constructor({ name, taskset, cores, command, args }: ProgramStart) {
    this.#name = name;
    this.#child = spawn(taskset, ['-c', cores, command, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    const { stdout, stderr, stdin } = this.#child;
    this.#lines = createInterface({ input: stdout! })[Symbol.asyncIterator]();
    stderr!.on('data', (chunk: Buffer) => {
      this.#complaint = (this.#complaint + chunk.toString('utf8')).slice(-2000);
    });
    stdin!.on('error', () => undefined);
    this.#exited = once(this.#child, 'exit');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  tell(line: string): void {
    this.#child.stdin!.write(`${line}\n`);
  }

  /** The next line, which must come in time; with `what` it is waited for, in words. */
  async next(what: string, limitMillis: number): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.failure(`no ${what} within ${limitMillis / 1000} s`)), limitMillis);
    });
    try {
      const { done, value } = await Promise.race([this.#lines.next(), late]);
      if (done !== true) return value;
      await this.#exited;
      throw this.failure(`it ended before ${what}`);
    } finally {
      clearTimeout(timer);
    }
  }

  failure(what: string): BenchFailure {
    return new BenchFailure(`${this.#name}: ${what}\n${this.#complaint.trimEnd()}`);
  }

  /** Ends it by the end of its input, which lets it write a profile; after a while by force. */
  async stop(): Promise<void> {
    if (!this.running) return;
    this.#child.stdin!.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await this.#exited;
    clearTimeout(timer);
  }
}
