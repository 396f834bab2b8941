import { expect, test } from 'vitest';
import { findingOf } from '../../../../src/cli/up/findings.ts';

test('a directory that another mesh holds, and one that cannot be used, are told apart', () => {
  const taken = findingOf({ kind: 'taken', pid: 4711 }, 'shop', '/state');
  expect(taken).toMatchObject({
    code: 'SMI6103',
    message: expect.stringContaining('by process 4711 (state in /state)'),
  });
  const unusable = findingOf({ kind: 'unusable', reason: '/state may be read by others' }, 'shop', '/state');
  expect(unusable).toMatchObject({ code: 'SMI6104', message: '/state may be read by others' });
});
