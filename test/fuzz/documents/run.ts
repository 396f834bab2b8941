import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CaseFault, Plant, WorkerMessage, WorkerTask } from './protocol.ts';

export interface DocumentsOptions {
  readonly seed: number;
  /** Documents to generate, at least. */
  readonly count: number;
  /** Worker processes. */
  readonly jobs: number;
  readonly plant?: Plant;
  /** A worker that says nothing for so long hangs. */
  readonly hangMillis?: number;
  /** It ends after so many failures. */
  readonly failureLimit?: number;
}

export interface Failure {
  readonly index: number;
  readonly kind: CaseFault['kind'] | 'hangs' | 'died';
  readonly detail: string;
}

export interface DocumentsReport {
  readonly seed: number;
  readonly documents: number;
  /** Read as objects of SMI, and accepted by the schema of their version. */
  readonly objects: number;
  readonly valid: number;
  readonly seconds: number;
  readonly peakBytes: number;
  readonly failures: readonly Failure[];
}

/** Heap of a worker, in MiB: whatever a file contains must fit, and what stays behind after each must not add up. */
const heapMegabytes = 256;
const defaultHangMillis = 30_000;
const defaultFailureLimit = 5;

const program = fileURLToPath(new URL('./worker.ts', import.meta.url));

/**
 * Generates documents from a seed and takes them through everything, in worker processes of bounded memory. A worker that
 * dies or hangs is replaced by one that goes on behind the case that it was at.
 */
export async function fuzzDocuments(
  options: DocumentsOptions,
  progress: (documents: number) => void = () => {},
): Promise<DocumentsReport> {
  const folder = mkdtempSync(join(tmpdir(), 'smi-fuzz-'));
  const started = performance.now();
  const run = new Run(options, folder, progress);
  try {
    await Promise.all(Array.from({ length: options.jobs }, (_, lane) => run.lane(lane)));
  } finally {
    run.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return { seed: options.seed, ...run.totals, seconds: (performance.now() - started) / 1000, failures: run.failures };
}

class Run {
  readonly failures: Failure[] = [];
  totals = { documents: 0, objects: 0, valid: 0, peakBytes: 0 };
  readonly #options: DocumentsOptions;
  readonly #folder: string;
  readonly #progress: (documents: number) => void;
  readonly #children = new Set<ChildProcess>();

  constructor(options: DocumentsOptions, folder: string, progress: (documents: number) => void) {
    this.#options = options;
    this.#folder = folder;
    this.#progress = progress;
  }

  stop(): void {
    for (const child of this.#children) child.kill('SIGKILL');
  }

  /** The cases `lane`, `lane + jobs`, `lane + 2 * jobs` ... until this lane's part of the documents is done. */
  async lane(lane: number): Promise<void> {
    const { seed, count, jobs, plant } = this.#options;
    const progress = join(this.#folder, `at-${lane}`);
    let first = lane;
    let missing = Math.ceil(count / jobs);
    while (missing > 0 && !this.#enough()) {
      const task: WorkerTask = { seed, first, step: jobs, documents: missing, progress, ...(plant && { plant }) };
      const { done, how } = await this.#work(task);
      if (how === undefined) return;
      const index = Number(readFileSync(progress, 'utf8'));
      this.failures.push({ index, ...how });
      missing -= Math.max(done, 1);
      first = index + jobs;
    }
  }

  /** Runs one worker to its end; `how` says why it ended early. */
  #work(task: WorkerTask): Promise<{ readonly done: number; readonly how?: Omit<Failure, 'index'> }> {
    return new Promise((resolve) => {
      const child = fork(program, [JSON.stringify(task)], {
        execArgv: [`--max-old-space-size=${heapMegabytes}`],
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      });
      this.#children.add(child);
      let done = 0;
      let words = '';
      let hangs = false;
      const hangMillis = this.#options.hangMillis ?? defaultHangMillis;
      const timer = setTimeout(() => {
        hangs = true;
        child.kill('SIGKILL');
      }, hangMillis);
      child.stderr?.on('data', (chunk: Buffer) => {
        words = (words + chunk.toString()).slice(-2_000);
      });
      child.on('message', (message: WorkerMessage) => {
        timer.refresh();
        done += message.documents;
        this.#add(message, child.pid);
        if (this.#enough()) child.kill('SIGKILL');
      });
      child.once('close', (code, signal) => {
        clearTimeout(timer);
        this.#children.delete(child);
        if (code === 0 || this.#enough()) resolve({ done });
        else if (hangs) resolve({ done, how: { kind: 'hangs', detail: `nothing for ${hangMillis} ms` } });
        else resolve({ done, how: { kind: 'died', detail: `${code ?? signal}: ${words.trim()}` } });
      });
    });
  }

  #enough(): boolean {
    return this.failures.length >= (this.#options.failureLimit ?? defaultFailureLimit);
  }

  #add({ documents, objects, valid, faults }: WorkerMessage, pid: number | undefined): void {
    const totals = this.totals;
    this.totals = {
      documents: totals.documents + documents,
      objects: totals.objects + objects,
      valid: totals.valid + valid,
      peakBytes: Math.max(totals.peakBytes, peakOf(pid)),
    };
    this.failures.push(...faults);
    this.#progress(this.totals.documents);
  }
}

/** Most resident memory of a process so far, in bytes; 0 where the system does not say (proc(5)). */
function peakOf(pid: number | undefined): number {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kibibytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}
