import { expect, test } from 'vitest';
import { parseOptions } from '../../../bench/options.ts';

test('a benchmark without options takes the defaults', () => {
  expect(parseOptions(['http1'])).toEqual({
    ok: true,
    value: { scenario: 'http1', output: 'table', seconds: 5, rounds: 3, connections: 64 },
  });
});

test('the frontend has options of its own', () => {
  expect(parseOptions(['frontend', '--manifests', '100', '-o', 'json'])).toEqual({
    ok: true,
    value: { scenario: 'frontend', output: 'json', manifests: 100, services: 1000, rounds: 3 },
  });
});

test('all options are read', () => {
  expect(parseOptions(['http1', '-o', 'json', '--seconds', '2', '--rounds', '1', '--connections', '16'])).toMatchObject(
    {
      value: { output: 'json', seconds: 2, rounds: 1, connections: 16 },
    },
  );
});

test.each([
  [[], 'name one benchmark'],
  [['http9'], 'name one benchmark'],
  [['http1', '-o', 'xml'], '-o takes table or json'],
  [['http1', '--seconds', '0'], '--seconds takes a whole number'],
  [['http1', '--rounds', '1.5'], '--rounds takes a whole number'],
  [['http1', '--fast'], '--fast'],
  [['http1', 'frontend'], 'frontend'],
  [['frontend', '--seconds', '1'], '--seconds'],
])('%j is wrong use', (args, says) => {
  expect(parseOptions(args)).toEqual({ ok: false, error: expect.stringContaining(says) });
});
