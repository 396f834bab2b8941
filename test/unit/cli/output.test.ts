import { expect, test } from 'vitest';
import { styleFor } from '../../../src/cli/output.ts';
import { ansiStyle, plainStyle } from '../../../src/lib/text-style.ts';

const terminal = { isTTY: true, write: () => true };

test('colour only on a terminal that wants it', () => {
  expect(styleFor(terminal, { TERM: 'xterm' })).toBe(ansiStyle);
  expect(styleFor({ write: () => true }, { TERM: 'xterm' })).toBe(plainStyle);
  expect(styleFor(terminal, { TERM: 'dumb' })).toBe(plainStyle);
});

test('NO_COLOR counts unless it is empty', () => {
  expect(styleFor(terminal, { NO_COLOR: '1' })).toBe(plainStyle);
  expect(styleFor(terminal, { NO_COLOR: '' })).toBe(ansiStyle);
});
