// The collector of a control plane and its page `/traffic`, in a process of their own: reads where sidecars answer from a file, serves at
// a socket in a private directory, and tells what it cost so far when it is asked.
import { readFileSync } from 'node:fs';
import { createAdminHandler } from '../../src/control/admin/handler.ts';
import { serveSocket } from '../../src/control/admin/socket.ts';
import type { AdminSource } from '../../src/control/admin/source.ts';
import { Collector } from '../../src/metrics/collector/collector.ts';
import type { ScrapeTarget } from '../../src/metrics/collector/read-proxy.ts';
import { trafficPage } from '../../src/metrics/traffic-page.ts';
import { accountOf, factsOf } from './mesh.ts';

const [file = '', state = ''] = process.argv.slice(2);
const targets = JSON.parse(readFileSync(file, 'utf8')) as readonly ScrapeTarget[];

export interface CollectorCost {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
  readonly received: number;
  readonly kept: number;
  readonly readings: number;
  readonly failures: number;
}

const weights = () => undefined;
const collector = new Collector({
  targets: () => targets,
  directory: { pod: (_, name) => factsOf(name), account: accountOf, weights },
});
collector.start();
const page = trafficPage(collector, weights);
const handler = createAdminHandler({} as AdminSource, { traffic: ({ query }) => page(query, Date.now()) });
const served = await serveSocket(state, handler);
if (!served.ok) throw new Error(served.error);

process.on('message', () => {
  const { user, system } = process.cpuUsage();
  const cost: CollectorCost = {
    ...collector.figures,
    cpuSeconds: (user + system) / 1e6,
    rssBytes: process.memoryUsage.rss(),
  };
  process.send?.(cost);
});
process.once('disconnect', () => process.exit());
process.send?.('ready');
