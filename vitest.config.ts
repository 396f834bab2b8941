import { defineConfig } from 'vitest/config';

const endToEnd = 'test/e2e/**/*.test.ts';
/** They need a Kubernetes apiserver: `npm run test:cluster`, which has a configuration of its own. */
const cluster = 'test/cluster/**';
/** They need programs of other languages: `npm run test:interop`, likewise. */
const interop = 'test/interop/**';
/** The real Envoy over ADS: `npm run test:envoy`, likewise. */
const envoy = 'test/envoy/**';

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    setupFiles: ['test/support/property-seed.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [endToEnd, cluster, interop, envoy],
          // Tests wait more than they compute.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Whole meshes under load, measured in time: after everything else, one at a time.
        extends: true,
        test: {
          name: 'e2e',
          include: [endToEnd],
          fileParallelism: false,
          testTimeout: 90_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
