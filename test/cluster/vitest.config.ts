import { defineConfig } from 'vitest/config';

/** Tests on a whole cluster with nodes, and long ones of the installation with an apiserver. Run by `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: [
      'test/cluster/faults/**/*.test.ts',
      'test/cluster/install/**/*.test.ts',
      'test/cluster/nodes/**/*.test.ts',
    ],
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // There is one cluster at a time.
    fileParallelism: false,
  },
});
