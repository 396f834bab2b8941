import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import type { Writable } from 'node:stream';
import type { NonEmpty } from '../../lib/collections.ts';
import type { Guard } from './guard.ts';
import { readLines } from './lines.ts';

/** What one start of a process needs; made anew for every start. */
export interface Launch {
  readonly command: NonEmpty<string>;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Text that the process reads from descriptor 3, then end of file: for what must not be seen in arguments or files. */
  readonly secret?: string;
  /** Opens an IPC channel, for Node programs. */
  readonly ipc?: boolean;
}

export type ProcessEvent =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'exited'; readonly reason: string; readonly retryMillis: number }
  | { readonly kind: 'failed'; readonly reason: string; readonly retryMillis: number }
  | { readonly kind: 'stopped' };

export interface ProcessOptions {
  readonly guard: Guard;
  readonly launch: () => Promise<Launch>;
  readonly onLine: (line: string) => void;
  readonly onEvent: (event: ProcessEvent) => void;
  readonly onMessage?: (message: unknown) => void;
  /** From SIGTERM to SIGKILL. */
  readonly graceMillis: number;
}

const firstRetryMillis = 200;
const lastRetryMillis = 10_000;
/** A process that ran this long is healthy: its next restart is quick again. */
const healthyMillis = 10_000;

/**
 * Keeps one process running: started again with exponential back-off whenever it ends, until `stop`. It leads its own
 * process group, so that stopping it takes its children along.
 */
export class ManagedProcess {
  readonly #options: ProcessOptions;
  /** The last thing it said, which is often why it ended. */
  #lastLine = '';
  #child: ChildProcess | undefined;
  #launching = false;
  #retryMillis = firstRetryMillis;
  #timer: NodeJS.Timeout | undefined;
  #stopping = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.#stopping || this.#launching || this.#child !== undefined) return;
    this.#launching = true;
    this.#options
      .launch()
      .finally(() => {
        this.#launching = false;
      })
      .then((launch) => this.#spawn(launch))
      .catch((cause: unknown) => this.#retry('failed', cause instanceof Error ? cause.message : String(cause)));
  }

  /** Sends an IPC message; false when there is no channel, and the message is gone. */
  send(message: unknown): boolean {
    const child = this.#child;
    if (child?.connected !== true) return false;
    // An error here means that the process is ending, which its exit reports.
    return child.send(message as object, () => undefined);
  }

  /** Ends the process and its group, and resolves when it is gone. It is not started again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const group = this.#child?.pid;
    if (group !== undefined) {
      signalGroup(group, 'SIGTERM');
      const kill = setTimeout(() => signalGroup(group, 'SIGKILL'), this.#options.graceMillis);
      await this.#ended;
      clearTimeout(kill);
    }
    this.#options.onEvent({ kind: 'stopped' });
  }

  #spawn(launch: Launch): void {
    if (this.#stopping) return;
    const [program, ...args] = launch.command;
    const stdio: StdioOptions = ['pipe', 'pipe', 'pipe', launch.secret === undefined ? 'ignore' : 'pipe'];
    if (launch.ipc === true) stdio.push('ipc');
    const child = spawn(program, args, { cwd: launch.cwd, env: { ...launch.env }, stdio, detached: true });
    this.#child = child;
    const startedAt = Date.now();
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        // Without a pid it never ran; with one, `exit` follows.
        if (child.pid !== undefined) return;
        this.#gone('failed', error.message);
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (Date.now() - startedAt >= healthyMillis) this.#retryMillis = firstRetryMillis;
        this.#clearGroup(child);
        this.#gone('exited', signal === null ? `code ${code}${this.#lastWords()}` : `signal ${signal}`);
        resolve();
      });
    });
    if (child.pid === undefined) return;
    this.#options.guard.add(child.pid);
    this.#connect(child, launch);
    this.#options.onEvent({ kind: 'started', pid: child.pid });
  }

  #connect(child: ChildProcess, launch: Launch): void {
    // Standard input stays open as long as the supervisor lives: a child may read its end as "the supervisor is gone".
    child.stdin?.on('error', () => undefined);
    const onLine = (line: string) => {
      this.#lastLine = line;
      this.#options.onLine(line);
    };
    if (child.stdout !== null) readLines(child.stdout, onLine);
    if (child.stderr !== null) readLines(child.stderr, onLine);
    const secret = child.stdio[3] as Writable | null | undefined;
    if (launch.secret !== undefined && secret) {
      secret.on('error', () => undefined);
      secret.end(launch.secret);
    }
    if (this.#options.onMessage !== undefined) child.on('message', this.#options.onMessage);
  }

  /** What a dead leader left running in its group would hold its ports. */
  #clearGroup(child: ChildProcess): void {
    if (child.pid === undefined) return;
    signalGroup(child.pid, 'SIGKILL');
    this.#options.guard.drop(child.pid);
  }

  #lastWords(): string {
    return this.#lastLine === '' ? '' : `: ${this.#lastLine.slice(0, 300)}`;
  }

  #gone(kind: 'exited' | 'failed', reason: string): void {
    this.#child = undefined;
    if (!this.#stopping) this.#retry(kind, reason);
  }

  #retry(kind: 'exited' | 'failed', reason: string): void {
    if (this.#stopping) return;
    const retryMillis = this.#retryMillis;
    this.#retryMillis = Math.min(retryMillis * 2, lastRetryMillis);
    this.#timer = setTimeout(() => this.start(), retryMillis);
    this.#options.onEvent({ kind, reason, retryMillis });
  }
}

function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // The group is gone already.
  }
}
