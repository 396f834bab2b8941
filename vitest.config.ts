import { defineConfig } from 'vitest/config';
import { apiserverMissing } from './test/cluster/support/availability.ts';

const endToEnd = 'test/e2e/**/*.test.ts';
/** They need a Kubernetes apiserver, which each file starts. Those of `nodes` need more: `npm run test:cluster`. */
const cluster = 'test/cluster/**';
const api = apiserverMissing() === undefined ? 'test/cluster/api/**/*.test.ts' : 'test/cluster/support/skipped.test.ts';
/** They need programs of other languages: `npm run test:interop`, likewise. */
const interop = 'test/interop/**';
/** The real Envoy over ADS: `npm run test:envoy`, likewise. */
const envoy = 'test/envoy/**';
/** Chromium beside whole meshes: `npm run test:dashboard`, likewise. */
const dashboard = 'test/dashboard/**';

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
          exclude: [endToEnd, cluster, interop, envoy, dashboard],
          // Tests wait more than they compute.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'api',
          include: [api],
          testTimeout: 60_000,
          hookTimeout: 120_000,
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
