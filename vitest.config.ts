import { defineConfig } from 'vitest/config';

/** What they test keeps nothing in its process, so that many share one: each saves a second of CPU by that. */
const pure = [
  ...['access-log', 'adapter', 'adapters', 'analysis', 'chart', 'cli', 'compile', 'config', 'dashboard', 'diagnostics'],
  ...['expectations', 'explain', 'gateway', 'graph', 'identity', 'injection', 'install', 'kubernetes', 'lib', 'lint'],
  ...['model', 'policy', 'smi', 'source', 'telemetry', 'testkit', 'translate'],
].map((folder) => `test/unit/${folder}/**/*.test.ts`);
const endToEnd = 'test/e2e/**/*.test.ts';
/** They need a Kubernetes apiserver, or a whole cluster: `npm run test:api`, `npm run test:cluster`. */
const cluster = 'test/cluster/**';
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
        test: { name: 'pure', include: pure, isolate: false, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'all',
          include: ['test/**/*.test.ts'],
          exclude: [...pure, endToEnd, cluster, interop, envoy, dashboard],
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
