import { defineConfig } from 'vitest/config';

/** The controllers of other projects against an apiserver and our controller. Run by `npm run test:tools`. */
export default defineConfig({
  test: {
    include: ['test/cluster/tools/**/*.test.ts'],
    testTimeout: 600_000,
    hookTimeout: 300_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
