import { defineConfig } from 'vitest/config';

/** Tests against a real kube-apiserver, which the set-up starts once for all of them. Run by `npm run test:cluster`. */
export default defineConfig({
  test: {
    include: ['test/cluster/**/*.test.ts'],
    globalSetup: ['test/cluster/support/global-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // One apiserver for all: what one file installs is in the way of another.
    fileParallelism: false,
  },
});
