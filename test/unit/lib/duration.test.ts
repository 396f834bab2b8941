import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/lib/duration.ts';

test.each([
  ['250ms', 250],
  ['60s', 60_000],
  ['1m30s', 90_000],
  ['2h', 7_200_000],
  ['0s', 0],
])('%s is %d milliseconds', (text, millis) => {
  expect(parseDuration(text)).toBe(millis);
});

test.each(['', '60', 's', '-1s', '1.5s', '1s ', '1s2s', '123456s', '1d'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [0, '0s'],
  [250, '250ms'],
  [300_000, '5m'],
  [90_001, '1m30s1ms'],
  [100_000_000, '27h46m40s'],
])('%d milliseconds are %s, and read again', (millis, text) => {
  expect(formatDuration(millis)).toBe(text);
  expect(parseDuration(text)).toBe(millis);
});
