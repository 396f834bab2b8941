import { defineConfig } from 'vitest/config';
import { apiserverMissing } from '../support/availability.ts';

/** Tests on a Kubernetes apiserver without nodes, which each file starts. Run by `npm run test:api`. */
const include =
  apiserverMissing() === undefined ? 'test/cluster/api/**/*.test.ts' : 'test/cluster/support/skipped.test.ts';

export default defineConfig({
  test: {
    include: [include],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    setupFiles: ['test/support/property-seed.ts'],
  },
});
