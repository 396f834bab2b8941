import { expect, test } from 'vitest';
import { Kept } from '../../../../src/proxy/policy/kept.ts';

test('what each configuration asks for stays, and what one leaves out is forgotten', () => {
  const kept = new Kept<object>();
  const create = () => ({});
  const first = kept.get('a', create);
  expect(kept.get('a', create)).toBe(first);
  kept.commit();
  expect(kept.get('a', create)).toBe(first);
  kept.commit();
  kept.get('b', create);
  kept.commit();
  expect(kept.get('a', create)).not.toBe(first);
});
