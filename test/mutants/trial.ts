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
const eachMillis = 10_000;
/** With a fault in it a mesh is asked by ever more of the cases that reach the fault. */
const chunks = [1, 4, 12, 40];
const everything = 10_000;
/** Of the cases that fail with a fault so many are tried again, with and without it. */
const mostAgain = 2;
const rounds = 5;
const proofs = 2;

/** Tries faults by the cases that reach them. */
export class Trial {
  readonly #target: string;
  readonly #worker: WorkerProcess;
  readonly #kept: KeptResults;
  readonly #isLocal: boolean;
  readonly #names: readonly string[];
  /** Faults by case. */
  readonly #reached = new Map<string, ReadonlySet<number>>();
  /** Cases that found faults, by function. */
  readonly #finders = new Map<string, readonly string[]>();

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
      if (typeof answer === 'string' || answer.failed?.length !== 0) {
        console.error(`  left out: ${name} (${typeof answer === 'string' ? answer : answer.reason})`);
        continue;
      }
      const { reached = [] } = answer;
      this.#reached.set(name, new Set(reached));
      this.#kept.addReached(this.#target, name, reached);
    }
  }

  reaches(id: number): boolean {
    return [...this.#reached.values()].some((reached) => reached.has(id));
  }

  /** By no more cases than `most` of those that reach it. */
  async judge(mutant: Mutant, most = everything): Promise<Verdict> {
    const names = [...this.#reached].filter(([, reached]) => reached.has(mutant.id)).map(([name]) => name);
    const before = this.#finders.get(functionOf(mutant)) ?? [];
    const sorted = [...new Set([...before.filter((name) => names.includes(name)), ...spread(names)])].slice(0, most);
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

  /** The case that found a fault is the first to be asked about others in the same function. */
  remember({ mutant, by }: Verdict): void {
    if (by === undefined) return;
    const key = functionOf(mutant);
    this.#finders.set(key, [...new Set([by, ...(this.#finders.get(key) ?? [])])]);
  }

  stop(): void {
    this.#worker.stop();
  }

  /**
   * What a busy machine does is no find: in a local mesh the cases that fail with the fault have to pass without it right after and to
   * fail with it once more, twice over. Where they do not pass without it, all is asked anew.
   */
  async #find(mutant: Mutant, names: readonly string[]): Promise<string | undefined> {
    for (let round = 0; round < rounds; round++) {
      const first = await this.#ask(mutant.id, names);
      if (first === undefined || !this.#isLocal) return first?.by;
      const proved = await this.#proved(mutant, first.failing);
      if (proved !== undefined) return proved ? first.by : undefined;
    }
    console.error(`  not known: without a fault it fails, too, as busy as the machine is: ${names.join(', ')}`);
    return undefined;
  }

  /** Whether it is the fault that these cases fail by; nothing where they fail without it. */
  async #proved(mutant: Mutant, failing: readonly string[]): Promise<boolean | undefined> {
    for (let proof = 0; proof < proofs; proof++) {
      if ((await this.#ask(undefined, failing)) !== undefined) return undefined;
      if ((await this.#ask(mutant.id, failing)) === undefined) return false;
    }
    return true;
  }

  async #ask(fault: number | undefined, names: readonly string[]): Promise<Find | undefined> {
    const question = fault === undefined ? { names } : { fault, names };
    const answer = await this.#worker.ask(question, Math.max(fewMillis, names.length * eachMillis));
    if (typeof answer === 'string') return { by: answer, failing: names };
    const { failed = [] } = answer;
    return failed[0] === undefined ? undefined : { by: failed[0], failing: failed.slice(0, mostAgain) };
  }
}

interface Find {
  /** The first case that fails, or how the worker ended. */
  readonly by: string;
  readonly failing: readonly string[];
}

function functionOf({ file, within }: Mutant): string {
  return `${file} ${within}`;
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
