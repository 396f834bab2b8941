import { defineConfig } from 'vitest/config';

/** Tests against a real kube-apiserver; each file starts its own. Run by `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Two apiservers at once are more than a small machine has room for.
    fileParallelism: false,
  },
});
