import { headerValues, normalPaths } from '../analysis/domains.ts';
import { partition } from '../analysis/partition.ts';
import type { HttpMatch, PathMatch } from '../model/types.ts';
import { literalPrefix, literalText, piecesOf } from './expression.ts';

/** What comparing one pair of expressions may cost; beyond it nothing is claimed. */
const limits = { states: 2_000, steps: 100_000 };
/** What all comparisons of one run may cost together, in pairs. */
const pairLimit = 150;

/** Compares expressions, remembering what it found out. */
export class Comparison {
  readonly #known = new Map<string, boolean>();
  #pairs = 0;

  /** Whether every request that `narrow` matches is certainly matched by `wide`. */
  covers(wide: HttpMatch | 'any', narrow: HttpMatch | 'any'): boolean {
    if (wide === 'any') return true;
    if (narrow === 'any') return false;
    return (
      methodsCover(wide.methods, narrow.methods) &&
      this.#headersCover(wide.headers, narrow.headers) &&
      this.#pathCovers(wide.path, narrow.path)
    );
  }

  /** Whether an expression certainly matches no path that a request can have. */
  matchesNoPath(re2: string): boolean {
    const { prefix, literal } = shapeOf(re2);
    if (prefix !== '' && !prefix.startsWith('/')) return true;
    if (literal && /^(?:\/[\w-]+)+\/?$/.test(prefix)) return false;
    return this.#remember(`none ${re2}`, () => {
      const { cells, exhaustive } = partition(normalPaths, [re2], limits);
      return exhaustive && cells.every(({ matches }) => matches[0] !== true);
    });
  }

  #pathCovers(wide: 'any' | PathMatch, narrow: 'any' | PathMatch): boolean {
    if (wide === 'any') return true;
    if (narrow === 'any' || wide.kind !== 'regex' || narrow.kind !== 'regex') return false;
    return this.#contains(normalPaths, wide.re2, narrow.re2);
  }

  #headersCover(wide: HttpMatch['headers'], narrow: HttpMatch['headers']): boolean {
    if (wide === 'any') return true;
    if (narrow === 'any') return false;
    return wide.every((header) =>
      narrow.some(({ name, re2 }) => name === header.name && this.#contains(headerValues, header.re2, re2)),
    );
  }

  #contains(domain: string, wide: string, narrow: string): boolean {
    if (wide === narrow) return true;
    const [a, b] = [shapeOf(wide), shapeOf(narrow)];
    if (a.literal && a.open && b.prefix.startsWith(a.prefix)) return true;
    // Texts of the two begin differently.
    if (!b.prefix.startsWith(a.prefix.slice(0, b.prefix.length))) return false;
    return this.#remember(JSON.stringify([domain, wide, narrow]), () => {
      const { cells, exhaustive } = partition(domain, [wide, narrow], limits);
      return exhaustive && !cells.some(({ matches }) => matches[1] === true && matches[0] !== true);
    });
  }

  #remember(key: string, ask: () => boolean): boolean {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#pairs >= pairLimit) return false;
    this.#pairs += 1;
    const answer = ask();
    this.#known.set(key, answer);
    return answer;
  }
}

function methodsCover(wide: HttpMatch['methods'], narrow: HttpMatch['methods']): boolean {
  if (wide === 'any') return true;
  return narrow !== 'any' && narrow.every((method) => wide.includes(method));
}

interface Shape {
  readonly prefix: string;
  /** Whether it is the prefix and nothing else; anything may follow where it is open. */
  readonly literal: boolean;
  readonly open: boolean;
}

/** An expression of the model: as written, in a group, perhaps with anything after it. */
const wrapped = /^\(\?:([\s\S]*)\)(\(\?s:\.\*\))?$/;

function shapeOf(re2: string): Shape {
  const [, inner = re2, tail] = wrapped.exec(re2) ?? [];
  const pieces = piecesOf(inner);
  return { prefix: literalPrefix(pieces), literal: literalText(pieces) !== undefined, open: tail !== undefined };
}
