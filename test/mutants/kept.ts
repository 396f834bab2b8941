import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { allMutants, type Mutant } from './groups.ts';
import type { Verdict } from './trial.ts';

interface Kept {
  /** By fault; a changed source is tried anew. */
  readonly verdicts: Record<string, Pick<Verdict, 'by' | 'tried'>>;
  /** Which faults a case reaches, by target and case; of these very sources. */
  reached: { readonly sources: string; readonly cases: Record<string, readonly number[]> };
}

/** What earlier runs found, in a file: later ones try only what nothing has found yet. Without a file nothing is kept. */
export class KeptResults {
  readonly #file: string | undefined;
  readonly #kept: Kept;
  readonly #sums = new Map<string, string>();

  constructor(file: string | undefined) {
    this.#file = file;
    const empty: Kept = { verdicts: {}, reached: { sources: '', cases: {} } };
    this.#kept = file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : empty;
    const files = [...new Set(allMutants().map((mutant) => mutant.file))];
    const sources = files.map((each) => this.#sumOf(each)).join(' ');
    if (this.#kept.reached.sources !== sources) this.#kept.reached = { sources, cases: {} };
  }

  verdict(mutant: Mutant): Verdict | undefined {
    const kept = this.#kept.verdicts[this.#key(mutant)];
    return kept && { mutant, ...kept };
  }

  addVerdict({ mutant, by, tried }: Verdict): void {
    this.#kept.verdicts[this.#key(mutant)] = by === undefined ? { tried } : { by, tried };
    this.#write();
  }

  reached(target: string, name: string): readonly number[] | undefined {
    return this.#kept.reached.cases[`${target} ${name}`];
  }

  addReached(target: string, name: string, ids: readonly number[]): void {
    this.#kept.reached.cases[`${target} ${name}`] = ids;
    this.#write();
  }

  #write(): void {
    if (this.#file === undefined) return;
    writeFileSync(`${this.#file}.draft`, JSON.stringify(this.#kept));
    renameSync(`${this.#file}.draft`, this.#file);
  }

  #key({ file, start, end, operator, after }: Mutant): string {
    return `${file} ${this.#sumOf(file)} ${start}-${end} ${operator}: ${after}`;
  }

  #sumOf(file: string): string {
    const sum = this.#sums.get(file) ?? createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
    this.#sums.set(file, sum);
    return sum;
  }
}
