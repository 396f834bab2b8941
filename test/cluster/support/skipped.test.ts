import { readdirSync } from 'node:fs';
import { describe, test } from 'vitest';
import { apiserverMissing } from './availability.ts';

/** Stands for the tests of `test/cluster/api` where they cannot run, so that every report says so and why. */
const files = readdirSync(new URL('../api/', import.meta.url)).filter((name) => name.endsWith('.test.ts'));

describe.each(files)(`test/cluster/api/%s: ${apiserverMissing()}`, () => {
  test.skip('is not run');
});
