import { isDeepStrictEqual } from 'node:util';
import { type Document, isMap, isScalar, isSeq, type Node, Pair, Scalar, type YAMLMap, type YAMLSeq } from 'yaml';
import { type Fields, isRecord } from '../../lib/values.ts';

/** A scalar whose text changes in place, while everything around it stays. */
export interface ScalarChange {
  readonly node: Scalar;
  readonly value: unknown;
}

/** A field that has lost its place, and may find another. */
interface Spare {
  readonly pair: Pair;
  readonly before: unknown;
  /** The mapping that it was part of, when that lost its place too. */
  readonly parent?: Spare;
}

/** Fields that are the same under another name. */
const sameField: Readonly<Record<string, string>> = { rules: 'specs', specs: 'rules' };

/**
 * Turns the syntax tree of a mapping from one value into another, keeping comments, the order of keys and the style of
 * whatever stays. A field that moves to another mapping (`matches` to `spec.matches`) takes its comments with it. Scalars
 * that only change their value are left to the caller.
 */
export class Reconciler {
  readonly scalars: ScalarChange[] = [];
  /** Whether anything but scalars has changed. */
  structural = false;
  readonly #document: Document;
  readonly #spares = new Map<string, Spare>();

  constructor(document: Document) {
    this.#document = document;
  }

  map(map: YAMLMap, before: Fields, after: Fields): void {
    const gone = Object.keys(before).filter((key) => !Object.hasOwn(after, key));
    let place = map.items.length;
    for (const key of gone) {
      const index = map.items.findIndex((pair) => keyOf(pair) === key);
      const pair = map.items[index];
      if (pair === undefined) continue;
      this.structural = true;
      place = Math.min(place, index);
      map.items.splice(index, 1);
      this.#spare(key, pair, before[key]);
    }
    for (const [key, value] of Object.entries(after)) {
      if (!Object.hasOwn(before, key)) continue;
      const pair = map.items.find((candidate) => keyOf(candidate) === key);
      if (pair === undefined) this.#add(map, map.items.length, key, value);
      else pair.value = this.#value(pair.value as Node | null, before[key], value);
    }
    for (const [key, value] of Object.entries(after)) {
      if (Object.hasOwn(before, key)) continue;
      this.#add(map, place, key, value);
      place += 1;
    }
  }

  #spare(key: string, pair: Pair, before: unknown, parent?: Spare): void {
    const spare: Spare = { pair, before, ...(parent === undefined ? {} : { parent }) };
    this.#spares.set(key, spare);
    if (!isMap(pair.value) || !isRecord(before)) return;
    // The parser gives the comment above the first field to the mapping.
    const first = pair.value.items[0]?.key;
    if (isScalar(first)) first.commentBefore ??= pair.value.commentBefore ?? null;
    pair.value.commentBefore = null;
    for (const child of pair.value.items) {
      const name = keyOf(child);
      if (name !== undefined && Object.hasOwn(before, name)) this.#spare(name, child, before[name], spare);
    }
  }

  #add(map: YAMLMap, index: number, key: string, value: unknown): void {
    this.structural = true;
    const spare = this.#take(key, value);
    if (spare !== undefined) {
      if (isScalar(spare.pair.key)) spare.pair.key.value = key;
      spare.pair.value = this.#value(spare.pair.value as Node | null, spare.before, value);
      map.items.splice(index, 0, spare.pair);
      return;
    }
    if (isRecord(value)) {
      const inner = this.#document.createNode({}) as YAMLMap;
      inner.flow = false;
      this.map(inner, {}, value);
      map.items.splice(index, 0, new Pair(new Scalar(key), inner.items.length === 0 ? this.#created({}) : inner));
      return;
    }
    map.items.splice(index, 0, new Pair(new Scalar(key), this.#created(value)));
  }

  /** A spare field for a key, when its value is of the same sort. */
  #take(key: string, value: unknown): Spare | undefined {
    for (const name of [key, sameField[key]]) {
      const spare = name === undefined ? undefined : this.#spares.get(name);
      if (name === undefined || spare === undefined || Array.isArray(spare.before) !== Array.isArray(value)) continue;
      if (isRecord(spare.before) !== isRecord(value)) continue;
      for (const [other, candidate] of this.#spares) if (candidate.parent === spare) this.#spares.delete(other);
      this.#spares.delete(name);
      takeComment(spare);
      return spare;
    }
    return undefined;
  }

  #value(node: Node | null, before: unknown, after: unknown): Node | null {
    if (isDeepStrictEqual(before, after)) return node;
    if (isMap(node) && isRecord(before) && isRecord(after)) {
      this.map(node, before, after);
      return node;
    }
    if (isSeq(node) && Array.isArray(before) && Array.isArray(after)) return this.#sequence(node, before, after);
    if (
      isScalar(node) &&
      node.range != null &&
      node.type !== 'BLOCK_LITERAL' &&
      node.type !== 'BLOCK_FOLDED' &&
      !isContainer(after)
    ) {
      this.scalars.push({ node, value: after });
      return node;
    }
    this.structural = true;
    return this.#created(after);
  }

  #sequence(node: YAMLSeq, before: readonly unknown[], after: readonly unknown[]): YAMLSeq {
    if (before.length === after.length) {
      node.items = node.items.map((item, index) => this.#value(item as Node | null, before[index], after[index]));
      return node;
    }
    this.structural = true;
    const left = before.map((value, index) => ({ value, item: node.items[index] as Node }));
    node.items = after.map((value) => {
      const index = left.findIndex((candidate) => isSame(candidate.value, value));
      const [found] = index < 0 ? [] : left.splice(index, 1);
      return found === undefined ? this.#created(value) : this.#value(found.item, found.value, value);
    });
    return node;
  }

  #created(value: unknown): Node {
    return this.#document.createNode(value, { aliasDuplicateObjects: false });
  }
}

/** Whether two elements of a list are the same one, perhaps changed. */
function isSame(a: unknown, b: unknown): boolean {
  if (isDeepStrictEqual(a, b)) return true;
  if (!isRecord(a) || !isRecord(b)) return false;
  return (a.service ?? a.name) !== undefined && a.service === b.service && a.name === b.name && a.kind === b.kind;
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function keyOf({ key }: Pair): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

/** The first field of a mapping that is gone takes the comment that stood before the mapping. */
function takeComment({ pair, parent }: Spare): void {
  const mapping = parent?.pair;
  if (mapping === undefined || !isMap(mapping.value) || mapping.value.items[0] !== pair) return;
  const comment = isScalar(mapping.key) ? mapping.key.commentBefore : undefined;
  if (comment == null || !isScalar(pair.key)) return;
  pair.key.commentBefore = pair.key.commentBefore == null ? comment : `${comment}\n${pair.key.commentBefore}`;
}
