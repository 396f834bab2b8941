import type { Diagnostic } from '../diagnostics/diagnostic.ts';
import { compareText } from '../lib/collections.ts';
import type { MakingObserver, Slot } from '../lib/incremental/graph.ts';

interface Entry {
  readonly finding: Diagnostic;
  readonly text: string;
  count: number;
}

/** Everything that the values in force have reported while they were made, each finding once however many report it. */
export class Findings implements MakingObserver {
  readonly #bySlot = new Map<Slot, readonly Diagnostic[]>();
  #reported: Diagnostic[] = [];
  readonly #entries = new Map<string, Entry>();
  #sorted: readonly Entry[] = [];
  #list: readonly Diagnostic[] = [];
  #added: Entry[] = [];
  #removed = false;

  /** A finding about what is being made. */
  report(finding: Diagnostic): void {
    this.#reported.push(finding);
  }

  begins(): void {
    this.#reported = [];
  }

  made(slot: Slot): void {
    const before = this.#bySlot.get(slot);
    const now = this.#reported;
    if (before === undefined && now.length === 0) return;
    if (now.length === 0) this.#bySlot.delete(slot);
    else this.#bySlot.set(slot, now);
    this.#replace(before ?? [], now);
  }

  unmade(slot: Slot): void {
    this.begins();
    this.made(slot);
  }

  #replace(before: readonly Diagnostic[], now: readonly Diagnostic[]): void {
    for (const finding of now) this.#add(finding);
    for (const finding of before) this.#remove(JSON.stringify(finding));
  }

  /** By the objects at fault, then their fields; the same list as long as nothing changes. */
  list(): readonly Diagnostic[] {
    if (this.#added.length === 0 && !this.#removed) return this.#list;
    // Sorting a long sorted list with a few more at its end takes a comparison for each.
    const kept = this.#removed ? this.#sorted.filter(({ count }) => count > 0) : this.#sorted;
    this.#sorted = [...kept, ...this.#added.filter(({ count }) => count > 0)].sort(byPlace);
    this.#list = this.#sorted.map(({ finding }) => finding);
    this.#added = [];
    this.#removed = false;
    return this.#list;
  }

  #add(finding: Diagnostic): void {
    const text = JSON.stringify(finding);
    const known = this.#entries.get(text);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const entry = { finding, text, count: 1 };
    this.#entries.set(text, entry);
    this.#added.push(entry);
  }

  #remove(text: string): void {
    const entry = this.#entries.get(text);
    if (entry === undefined) return;
    entry.count -= 1;
    if (entry.count > 0) return;
    this.#entries.delete(text);
    this.#removed = true;
  }
}

function byPlace(a: Entry, b: Entry): number {
  const [one, other] = [a.finding, b.finding];
  return (
    compareText(one.origin?.object ?? '', other.origin?.object ?? '') ||
    compareText(one.origin?.path ?? '', other.origin?.path ?? '') ||
    compareText(one.code, other.code) ||
    compareText(one.message, other.message) ||
    compareText(a.text, b.text)
  );
}
