import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { compileRe2, envoyProgramLimit, octets, programLimit } from '../../../src/lib/re2.ts';
import { Random } from '../../fuzz/random.ts';
import { generatePattern, generateText } from '../../fuzz/regex/pattern.ts';

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

describe('octets', () => {
  it('are what expressions look at, as in Envoy', () => {
    expect(matches('é', octets('é'))).toBe(true);
    expect(matches('.', octets('é'))).toBe(false);
    expect(matches('..', octets('é'))).toBe(true);
    expect(matches('..', '\xff\xfe')).toBe(true);
  });

  it('leave ASCII as it is', () => {
    expect(octets('/books?a=b')).toBe('/books?a=b');
    expect(octets('é💥')).toBe('\xc3\xa9\xf0\x9f\x92\xa5');
  });

  it.each(['\\x{100}', 'a\\x{00E9F}', '\\\\\\x{100}', '\\400', '\ud800'])('%j names none and is refused', (pattern) => {
    expect(compileRe2(pattern).ok).toBe(false);
  });

  it.each(['\\x{e9}', '\\x{0000ff}', '\\\\x{100}', '\\377'])('%j names one', (pattern) => {
    expect(compileRe2(pattern).ok).toBe(true);
  });

  it('are shown as characters in what is said of a pattern', () => {
    const compiled = compileRe2('é(');
    expect(compiled.ok ? '' : compiled.error).toContain('é(');
  });
});

describe('an expression that is compared without the engine', () => {
  it('gives the answer of the engine', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const random = new Random(seed);
        const pattern = generatePattern(random, 0.02);
        const compiled = compileRe2(pattern.text);
        if (!compiled.ok) return;
        const engine = RE2JS.compile(octets(pattern.text));
        for (let count = 0; count < 8; count += 1) {
          const text = octets(generateText(pattern, random)) + (count === 7 ? '\n' : '');
          expect([pattern.text, text, compiled.value.matchesWhole(text)]).toEqual([
            pattern.text,
            text,
            engine.testExact(text),
          ]);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('the literals of an expression', () => {
  it.each([
    [
      '/a|/b',
      [
        { text: '/a', rest: 'nothing' },
        { text: '/b', rest: 'nothing' },
      ],
    ],
    [
      '/a(/.*)?',
      [
        { text: '/a/', rest: 'line' },
        { text: '/a', rest: 'nothing' },
      ],
    ],
    ['(?:/a)(?s:.*)', [{ text: '/a', rest: 'any' }]],
    ['[a-z]+', undefined],
  ])('%j', (pattern, shapes) => {
    const compiled = compileRe2(pattern);
    expect(compiled.ok && compiled.value.shapes()).toEqual(shapes);
  });
});
