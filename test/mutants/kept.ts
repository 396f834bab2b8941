import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Mutant } from './groups.ts';
import type { Verdict } from './trial.ts';

/** What is kept of a verdict in a file, so that later runs try again only what nothing has found; a changed source is tried anew. */
type Kept = Record<string, Pick<Verdict, 'by' | 'tried'>>;

export class KeptVerdicts {
  readonly #file: string | undefined;
  readonly #kept: Kept;
  readonly #sums = new Map<string, string>();

  constructor(file: string | undefined) {
    this.#file = file;
    this.#kept = file !== undefined && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Kept) : {};
  }

  get(mutant: Mutant): Verdict | undefined {
    const kept = this.#kept[this.#key(mutant)];
    return kept && { mutant, ...kept };
  }

  add({ mutant, by, tried }: Verdict): void {
    this.#kept[this.#key(mutant)] = by === undefined ? { tried } : { by, tried };
    if (this.#file !== undefined) writeFileSync(this.#file, JSON.stringify(this.#kept, undefined, 1));
  }

  #key({ file, start, end, operator, after }: Mutant): string {
    const sum = this.#sums.get(file) ?? createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 12);
    this.#sums.set(file, sum);
    return `${file} ${sum} ${start}-${end} ${operator}: ${after}`;
  }
}
