// The simulated sidecars, in a process of their own: reads how many there are, and says where they answer.
import { Counts, serveCounts } from '../../test/support/telemetry/counting-proxy.ts';
import { labelsBetween, workloadAt } from './mesh.ts';
import { Repeating } from './repeating.ts';

const [proxies = 0, calls = 0] = process.argv.slice(2).map(Number);
/** Of each pair of pods, a second. */
const requests = 20;

const all = Array.from({ length: proxies }, (_, index) => new Counts(workloadAt(index)));
for (const [from, source] of all.entries()) {
  for (let call = 0; call < calls; call++) {
    const to = (from + 1 + call * 37) % proxies;
    const [sent, received] = [labelsBetween(from, to, 'outbound'), labelsBetween(from, to, 'inbound')];
    for (let i = 0; i < requests; i++) {
      const seconds = 0.001 * (1 + 20 * Math.random() ** 3);
      const code = i === 0 ? 503 : 200;
      source.request(sent, code, code === 200 ? 'forwarded' : 'failed', seconds);
      all[to]?.request(received, code, 'allowed', seconds * 0.9);
    }
  }
}

const served = await serveCounts(
  all.map((counts) => new Repeating(counts.snapshot(Date.now()))),
  Date.now,
);
process.send?.(served.targets);
process.once('disconnect', () => process.exit());
