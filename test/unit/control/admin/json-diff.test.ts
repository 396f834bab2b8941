import { describe, expect, it } from 'vitest';
import { jsonDifferences } from '../../../../src/control/admin/json-diff.ts';

describe('differences of JSON', () => {
  it('stand at the deepest path that both have', () => {
    const [has, wants] = [
      { a: { b: [1, 2, 3] }, same: 1 },
      { a: { b: [1, 9, 3] }, same: 1 },
    ];
    expect(jsonDifferences(has, wants)).toEqual([{ path: 'a.b[1]', has: 2, wants: 9 }]);
    expect(jsonDifferences(has, has)).toEqual([]);
  });

  it('tell what only one side has', () => {
    expect(jsonDifferences({ a: 1, b: null }, { b: null, c: 2 })).toEqual([
      { path: 'a', has: 1 },
      { path: 'c', wants: 2 },
    ]);
  });

  it('leave what stands around an element that was put in alone', () => {
    const [one, two, three] = [{ n: 1 }, { n: 2 }, { n: 3 }];
    expect(jsonDifferences([one, three], [one, two, three])).toEqual([{ path: '[1]', wants: two }]);
    expect(jsonDifferences([one, two, three], [three])).toEqual([
      { path: '[0]', has: one },
      { path: '[1]', has: two },
    ]);
  });

  it('end at a bound', () => {
    const many = (from: number) => Array.from({ length: 1_000 }, (_, index) => from + index);
    expect(jsonDifferences(many(0), many(5_000))).toHaveLength(200);
  });
});
