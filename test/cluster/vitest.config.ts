import { defineConfig } from 'vitest/config';

/**
 * Tests on a whole cluster with nodes, and long ones of faults, the installation and the webhooks with an apiserver. Run by
 * `npm run test:cluster`; what needs a quiet machine by `npm run soak:cluster`.
 */
const folders =
  process.env.CLUSTER_SOAK === undefined ? ['controller', 'faults', 'install', 'webhooks', 'nodes'] : ['soak'];

export default defineConfig({
  test: {
    include: folders.map((folder) => `test/cluster/${folder}/**/*.test.ts`),
    testTimeout: 120_000,
    hookTimeout: 300_000,
    pool: 'forks',
    // There is one cluster at a time.
    fileParallelism: false,
  },
});
