import { contractCases } from 'smi-mesh/testkit';
import { expect, test } from 'vitest';
import adapter from './NAME.ts';

for (const { name, skipped, run } of contractCases(adapter)) {
  test.skipIf(skipped !== undefined)(name, () => expect(run()).toEqual([]));
}
