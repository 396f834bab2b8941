import type { Fields } from './message.ts';

/** Fields as names and values in turn; names in lower case. For trailers, and for heads that the proxy makes itself. */
export class FieldList implements Fields {
  readonly #lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.#lines = lines;
  }

  lookup(name: string): string | undefined {
    let found: string | undefined;
    for (let i = 0; i < this.#lines.length; i += 2) {
      if (this.#lines[i] === name) found = found === undefined ? this.#lines[i + 1] : `${found},${this.#lines[i + 1]}`;
    }
    return found;
  }

  lookupMesh(): undefined {
    return undefined;
  }

  each(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.#lines.length; i += 2) visit(this.#lines[i]!, this.#lines[i + 1]!);
  }
}
