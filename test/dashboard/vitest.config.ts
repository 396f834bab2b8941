import { defineConfig } from 'vitest/config';

/** The dashboard in a real browser. Run by `npm run test:dashboard`. */
export default defineConfig({
  test: {
    include: ['test/dashboard/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
