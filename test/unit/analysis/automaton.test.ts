import fc from 'fast-check';
import { expect, test } from 'vitest';
import { automatonOf } from '../../../src/analysis/automaton.ts';
import { compileRe2, octets } from '../../../src/lib/re2.ts';
import { Random } from '../../fuzz/random.ts';
import { generatePattern, generateText } from '../../fuzz/regex/pattern.ts';

function accepts(expression: string, text: string): boolean | undefined {
  const automaton = automatonOf(expression);
  if (automaton === undefined) return undefined;
  let state = automaton.start;
  for (let index = 0; index < text.length; index++) state = automaton.next(state, text.charCodeAt(index));
  return automaton.accepts(state);
}

test('an automaton accepts what the expression matches, whatever the expression', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new Random(seed);
      const pattern = generatePattern(random, 0.02);
      const compiled = compileRe2(pattern.text);
      if (!compiled.ok) return;
      for (let count = 0; count < 8; count++) {
        const text = octets(generateText(pattern, random)) + (count === 7 ? '\n' : '');
        const matched = compiled.value.matchesWhole(text);
        accepted += Number(matched);
        expect([pattern.text, text, accepts(pattern.text, text)]).toEqual([pattern.text, text, matched]);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(accepted).toBeGreaterThan(1_000);
});

test.each([
  ['a$b?', 'a', true],
  ['(?m:a$\n^b)', 'a\nb', true],
  ['\\ba\\b.\\bb', 'a-b', true],
  ['\\ba\\Bb', 'ab', true],
  ['^^a', 'a', true],
  ['a^b', 'ab', false],
  ['(', '(', false],
] as const)('%s on %j', (expression, text, expected) => {
  expect(accepts(expression, text)).toBe(expected);
});
