import type { Mutant } from './groups.ts';
import type { KeptResults } from './kept.ts';
import { WorkerProcess } from './worker-process.ts';

export interface Verdict {
  readonly mutant: Mutant;
  /** The case that found it, or how it showed; nothing of one that survives. */
  readonly by?: string;
  /** How many cases were run with it. */
  readonly tried: number;
}

/** So long a few cases may take, and each of many. */
const fewMillis = 90_000;
const eachMillis = 2_500;
/** With a fault in it a mesh is asked by ever more of the cases that reach the fault. */
const chunks = [3, 8, 16, 40];
const everything = 10_000;

/** Tries faults by the cases that reach them. */
export class Trial {
  readonly #target: string;
  readonly #worker: WorkerProcess;
  readonly #kept: KeptResults;
  readonly #isLocal: boolean;
  readonly #names: readonly string[];
  /** Faults by case. */
  readonly #reached = new Map<string, ReadonlySet<number>>();

  constructor(target: string, names: readonly string[], kept: KeptResults) {
    this.#target = target;
    this.#kept = kept;
    this.#worker = new WorkerProcess(target);
    this.#isLocal = target !== 'simulated';
    this.#names = this.#isLocal ? latestVersions(names) : names;
  }

  get cases(): number {
    return this.#reached.size;
  }

  /** Runs every case without a fault, but no more than `most` that are not known yet. One that fails all the same can say nothing. */
  async learn(most = Number.POSITIVE_INFINITY): Promise<void> {
    let left = most;
    for (const name of spread(this.#names)) {
      const known = this.#kept.reached(this.#target, name);
      if (known !== undefined) {
        this.#reached.set(name, new Set(known));
        continue;
      }
      if (left-- <= 0) continue;
      const answer = await this.#worker.ask({ names: [name] }, fewMillis);
      if (typeof answer !== 'string' && answer.failed === undefined) {
        const { reached = [] } = answer;
        this.#reached.set(name, new Set(reached));
        this.#kept.addReached(this.#target, name, reached);
      } else console.error(`  left out: ${name} (${typeof answer === 'string' ? answer : answer.reason})`);
    }
  }

  reaches(id: number): boolean {
    return [...this.#reached.values()].some((reached) => reached.has(id));
  }

  /** By no more cases than `most` of those that reach it. */
  async judge(mutant: Mutant, most = everything): Promise<Verdict> {
    const names = [...this.#reached].filter(([, reached]) => reached.has(mutant.id)).map(([name]) => name);
    const sorted = spread(names).slice(0, most);
    let tried = 0;
    for (let round = 0; tried < sorted.length; round++) {
      const size = this.#isLocal ? (chunks[round] ?? chunks.at(-1)!) : everything;
      const some = sorted.slice(tried, tried + size);
      tried += some.length;
      const by = await this.#find(mutant, some);
      if (by !== undefined) return { mutant, by, tried };
    }
    return { mutant, tried };
  }

  stop(): void {
    this.#worker.stop();
  }

  /** What a busy machine does once is no find: in a local mesh a fault is found when it shows in two cases, or twice, or ends the process. */
  async #find(mutant: Mutant, names: readonly string[]): Promise<string | undefined> {
    const first = await this.#ask(mutant, names);
    if (first === undefined || first.sure || !this.#isLocal) return first?.by;
    const again = await this.#ask(mutant, names.includes(first.by) ? [first.by] : names);
    return again === undefined ? undefined : first.by;
  }

  /** The case that fails, or how the worker ended. */
  async #ask({ id: fault }: Mutant, names: readonly string[]): Promise<Find | undefined> {
    const answer = await this.#worker.ask({ fault, names }, Math.max(fewMillis, names.length * eachMillis));
    if (typeof answer === 'string') return { by: answer, sure: answer === 'it ends the process' };
    const { failed, failures = 0 } = answer;
    return failed === undefined ? undefined : { by: failed, sure: failures > 1 };
  }
}

interface Find {
  readonly by: string;
  readonly sure: boolean;
}

/** One of each file; others differ in what is compiled only. */
function latestVersions(names: readonly string[]): readonly string[] {
  return [...new Map(names.map((name) => [name.replace(/@.*/, ''), name])).values()];
}

/** Those of different folders first, and within a folder of different beginnings. */
function spread(names: readonly string[]): readonly string[] {
  const folders = [...Map.groupBy(names, (name) => name.replace(/\/.*/, '')).values()];
  return inTurns(folders.map((some) => inTurns([...Map.groupBy(some, (name) => name.replace(/-.*/, '')).values()])));
}

/** The first of each list, then the second of each ... */
function inTurns(lists: readonly (readonly string[])[]): readonly string[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1))).flat();
}
