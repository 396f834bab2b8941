import { expect, test } from 'vitest';
import { selfTimes } from '../../../bench/data-plane/profile.ts';

const frame = (functionName: string, url = '', lineNumber = -1) => ({ functionName, url, lineNumber });

test('time is summed for each function, without what was idle', () => {
  const costs = selfTimes({
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('parse', 'file:///a/b/codec/fields.ts', 9) },
      { id: 3, callFrame: frame('parse', 'file:///a/b/codec/fields.ts', 9) },
      { id: 4, callFrame: frame('writev') },
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [1000, 300, 300, 200],
  });
  expect(costs).toEqual([
    { name: 'parse', place: 'codec/fields.ts:10', share: 0.75 },
    { name: 'writev', place: '', share: 0.25 },
  ]);
});
