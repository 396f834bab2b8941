import { expect, it } from 'vitest';
import { progressOn } from '../../../../src/cli/adapter/test.ts';

it.each([
  [true, '\r\x1b[K1 of 2: answer\r\x1b[K'],
  [false, ''],
])('what is being done is one line of a terminal (%s), and nothing elsewhere', (isTTY, expected) => {
  const written: string[] = [];
  const progress = progressOn({ isTTY, write: (text) => written.push(text) });
  progress('1 of 2: answer');
  progress('');
  expect(written.join('')).toBe(expected);
});
