import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compileRe2, envoyProgramLimit, programLimit } from '../../../src/lib/re2.ts';

function matches(pattern: string, text: string): boolean {
  const compiled = compileRe2(pattern);
  if (!compiled.ok) throw new Error(compiled.error);
  return compiled.value.matchesWhole(text);
}

describe('an expression', () => {
  it('must match the whole text', () => {
    expect(matches('/a.c', '/abc')).toBe(true);
    expect(matches('/a.c', '/abcd')).toBe(false);
    expect(matches('a|b', 'ab')).toBe(false);
  });

  it('takes linear time', () => {
    const started = performance.now();
    expect(matches('(a*)*(a*)*(a*)*b', 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it.each(['(', '(?=a)', 'a{1001}', '\\1', '[z-a]', '*', 'a\\'])('%s is refused with a sentence', (pattern) => {
    const compiled = compileRe2(pattern);
    expect(compiled.ok ? '' : compiled.error).toMatch(/\w+ \w+/);
  });

  it('above the limit is refused, below it is not', () => {
    expect(compileRe2('/api/[a-z0-9-]{1,64}/items').ok).toBe(true);
    expect(compileRe2('[^/]{1,300}').ok).toBe(true);
    expect(compileRe2('[^/]{1,1000}').ok).toBe(false);
    expect(compileRe2('(?:\\p{L}{1,100}){10}').ok).toBe(false);
    expect(compileRe2('a'.repeat(20_000)).ok).toBe(false);
    expect(envoyProgramLimit).toBeGreaterThan(2 * programLimit);
  });
});

/** Expressions around the edge of what is answered without the engine. */
const piece = fc.constantFrom(
  '/',
  'a',
  'b',
  '/books',
  '\\.',
  '\\-',
  '.',
  '\\',
  '\\d',
  '*',
  '+',
  '(',
  ')',
  '(?:',
  '|',
  '-',
  ' ',
  '_',
);
const suffix = fc.constantFrom('', '(?s:.*)', '.*', '(?s:.)');
const pattern = fc
  .tuple(fc.array(piece, { maxLength: 5 }), suffix, fc.boolean())
  .map(([pieces, end, grouped]) => (grouped ? `(?:${pieces.join('')})${end}` : `${pieces.join('')}${end}`));
const text = fc
  .array(fc.constantFrom('/', 'a', 'b', '/books', '.', '-', '\n', 'é', '💥', '\u{D800}', ' ', '_', '\\'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''));

describe('a literal that is compared without the engine', () => {
  it('gives the answer of the engine', () => {
    fc.assert(
      fc.property(pattern, text, (expression, candidate) => {
        const compiled = compileRe2(expression);
        let engine: RE2JS | undefined;
        try {
          engine = RE2JS.compile(expression);
        } catch {
          engine = undefined;
        }
        expect(compiled.ok).toBe(engine !== undefined);
        if (compiled.ok) expect(compiled.value.matchesWhole(candidate)).toBe(engine?.testExact(candidate));
      }),
      { numRuns: 3_000 },
    );
  });
});
