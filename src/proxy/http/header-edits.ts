import type { Fields } from './message.ts';

/** Changes to the fields of one message, made by phases and applied when it is written. Names are lower case. */
export class HeaderEdits {
  #removed: Set<string> | undefined;
  /** Name and value in turn. */
  readonly #lines: string[] = [];

  /** Replaces whatever there is. */
  set(name: string, value: string): void {
    this.remove(name);
    this.#lines.push(name, value);
  }

  add(name: string, value: string): void {
    this.#lines.push(name, value);
  }

  remove(name: string): void {
    this.#removed ??= new Set();
    this.#removed.add(name);
    for (let i = this.#lines.length - 2; i >= 0; i -= 2) if (this.#lines[i] === name) this.#lines.splice(i, 2);
  }

  /** Whether the original field of the name does not go on. */
  removes(name: string): boolean {
    return this.#removed?.has(name) === true;
  }

  /** Whether any of the original fields may be affected. */
  get removesAny(): boolean {
    return this.#removed !== undefined;
  }

  lookup(name: string, original: Fields): string | undefined {
    let found = this.removes(name) ? undefined : original.lookup(name);
    for (let i = 0; i < this.#lines.length; i += 2) {
      if (this.#lines[i] !== name) continue;
      found = found === undefined ? this.#lines[i + 1]! : `${found},${this.#lines[i + 1]}`;
    }
    return found;
  }

  /** The added lines, in order. */
  each(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.#lines.length; i += 2) visit(this.#lines[i]!, this.#lines[i + 1]!);
  }
}

/** All fields of a message as they go on, edits applied. */
export function eachEdited(
  fields: Fields,
  edits: HeaderEdits | undefined,
  visit: (name: string, value: string) => void,
): void {
  if (edits === undefined) {
    fields.each(visit);
    return;
  }
  fields.each((name, value) => {
    if (!edits.removes(name)) visit(name, value);
  });
  edits.each(visit);
}
