import { defineConfig } from 'vitest/config';

/** The real Envoy over ADS. Run by `npm run test:envoy`. */
export default defineConfig({
  test: {
    include: ['test/envoy/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
  },
});
