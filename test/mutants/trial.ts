import type { Mutant } from './groups.ts';
import { type Ended, WorkerProcess } from './worker-process.ts';

export interface Verdict {
  readonly mutant: Mutant;
  /** The case that found it, or how it showed; nothing of one that survives. */
  readonly by?: string;
  /** How many cases were run with it. */
  readonly tried: number;
}

/** So long a few cases may take. */
const chunkMillis = 40_000;
/** With a fault in it a mesh is asked by ever more of the cases that reach the fault. */
const chunks = [4, 12, 30];
const everything = 10_000;

/** Tries faults by the cases that reach them. */
export class Trial {
  readonly #worker: WorkerProcess;
  readonly #isLocal: boolean;
  readonly #names: readonly string[];
  /** Faults by case. */
  readonly #reached = new Map<string, ReadonlySet<number>>();

  constructor(target: string, names: readonly string[], every: number) {
    this.#worker = new WorkerProcess(target);
    this.#isLocal = target !== 'simulated';
    const some = latestVersions(names).filter((_, index) => index % every === 0);
    this.#names = this.#isLocal ? some : names;
  }

  get cases(): number {
    return this.#reached.size;
  }

  /** Runs every case without a fault. One that fails all the same can say nothing. */
  async learn(): Promise<void> {
    for (const name of this.#names) {
      const answer = await this.#worker.ask({ names: [name] }, chunkMillis);
      if (typeof answer !== 'string' && answer.failed === undefined) this.#reached.set(name, new Set(answer.reached));
      else console.error(`  left out: ${name} (${typeof answer === 'string' ? answer : answer.reason})`);
    }
  }

  reaches(id: number): boolean {
    return [...this.#reached.values()].some((reached) => reached.has(id));
  }

  async judge(mutant: Mutant): Promise<Verdict> {
    const names = [...this.#reached].filter(([, reached]) => reached.has(mutant.id)).map(([name]) => name);
    const sorted = spread(names);
    let tried = 0;
    for (const size of this.#isLocal ? chunks : [everything]) {
      const some = sorted.slice(tried, tried + size);
      if (some.length === 0) break;
      tried += some.length;
      const answer = await this.#worker.ask({ fault: mutant.id, names: some }, chunkMillis);
      const by = typeof answer === 'string' ? (answer satisfies Ended) : answer.failed;
      if (by !== undefined) return { mutant, by, tried };
    }
    return { mutant, tried };
  }

  stop(): void {
    this.#worker.stop();
  }
}

/** One of each file; others differ in what is compiled only. */
function latestVersions(names: readonly string[]): readonly string[] {
  return [...new Map(names.map((name) => [name.replace(/@.*/, ''), name])).values()];
}

/** Those of different folders and beginnings first. */
function spread(names: readonly string[]): readonly string[] {
  const groups = [...Map.groupBy(names, (name) => name.replace(/-.*/, '')).values()];
  const longest = Math.max(0, ...groups.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => groups.flatMap((group) => group.slice(index, index + 1))).flat();
}
