import fc from 'fast-check';
import { expect, test } from 'vitest';
import { textLines } from '../../../src/lib/text-lines.ts';

test('every offset has the line and column at which its character stands', () => {
  const text = fc.array(fc.constantFrom('a', 'é', '\n', '\r\n', '\r', '\t', '😀')).map((parts) => parts.join(''));
  fc.assert(
    fc.property(text, (sample) => {
      const lines = textLines(sample);
      for (let offset = 0; offset < sample.length; offset++) {
        if (/[\r\n]/.test(sample[offset] ?? '')) continue;
        const { line, column } = lines.at(offset);
        expect(lines.line(line)?.[column - 1]).toBe(sample[offset]);
      }
    }),
  );
});

test('there is no line behind the last', () => {
  const lines = textLines('a\nb');
  expect([lines.line(1), lines.line(2), lines.line(3), lines.line(0)]).toEqual(['a', 'b', undefined, undefined]);
});
