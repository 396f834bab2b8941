import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalizePath } from '../../../src/lib/http-path.ts';
import { compileRe2 } from '../../../src/lib/re2.ts';
import { Comparison } from '../../../src/lint/cover.ts';
import { literalPrefix, literalText, piecesOf } from '../../../src/lint/expression.ts';
import { httpMatch } from '../../../src/lint/http-match.ts';

/** Expressions of the sort that people write, and of the sort that they do not. */
const atom = fc.constantFrom(
  'a',
  'b',
  '/',
  '.',
  '-',
  '\\.',
  '\\Qa.b\\E',
  '\\Q\\E',
  '[a-b]',
  '[^/]',
  '\\d',
  '(a|b)',
  '(?:/a)',
  '(?i)',
  '(?i:a)',
  '^',
  '$',
  '|',
  '\\x61',
  '\\pL',
);
const piece = fc.tuple(atom, fc.constantFrom('', '', '', '*', '+', '?', '{1,2}', '*?')).map((parts) => parts.join(''));
const expression = fc.array(piece, { maxLength: 6 }).map((parts) => parts.join(''));
const usable = fc.oneof(expression, fc.string({ maxLength: 12 })).filter((text) => compileRe2(text).ok);
/** Paths in normal form: no other is ever matched. */
const path = fc
  .array(fc.constantFrom('a', 'b', '/', '.', '-', '1', 'A'), { maxLength: 8 })
  .map((parts) => `/${parts.join('')}`)
  .filter((text) => {
    const normal = normalizePath(text);
    return normal.ok && normal.value.path === text;
  });

function matches(re2: string, text: string): boolean {
  const compiled = compileRe2(re2);
  return compiled.ok && compiled.value.matchesWhole(text);
}

describe('pieces of an expression', () => {
  test('an expression that is a literal matches its text', () => {
    fc.assert(
      fc.property(usable, (text) => {
        const literal = literalText(piecesOf(text));
        if (literal !== undefined) expect(matches(text, literal), text).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test('whatever an expression matches begins with its prefix', () => {
    fc.assert(
      fc.property(usable, path, (text, candidate) => {
        if (matches(text, candidate)) expect(candidate.startsWith(literalPrefix(piecesOf(text))), text).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('comparing', () => {
  test('what is said to be covered is covered, in either mode', () => {
    const modes = fc.constantFrom('spec' as const, 'full' as const);
    fc.assert(
      fc.property(
        usable,
        usable,
        modes,
        fc.array(path, { minLength: 5, maxLength: 5 }),
        (wide, narrow, mode, paths) => {
          const [a, b] = [wide, narrow].map((pathRegex) => httpMatch({ name: 'm', pathRegex }, mode));
          if (a === undefined || b === undefined || !new Comparison().covers(a, b)) return;
          for (const candidate of paths) {
            const holds = (match: typeof a) =>
              match.path === 'any' || (match.path.kind === 'regex' && matches(match.path.re2, candidate));
            if (holds(b)) expect(holds(a), `${wide} covers ${narrow}: ${candidate}`).toBe(true);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test('what is said to match no path matches none', () => {
    fc.assert(
      fc.property(usable, path, (text, candidate) => {
        if (matches(text, candidate)) expect(new Comparison().matchesNoPath(text), text).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
