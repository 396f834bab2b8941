import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { ok } from '../../../../src/lib/result.ts';
import { Collector } from '../../../../src/metrics/collector/collector.ts';
import { type ResourcePlural, resourceKinds, type Side, type SummaryPart } from '../../../../src/metrics/contract.ts';
import { summarize } from '../../../../src/metrics/summarize.ts';
import { Counts, serveCounts, trafficLabels } from '../../../support/telemetry/counting-proxy.ts';

const pods = ['web-0', 'web-1', 'api-0'];
const pod = fc.constantFrom(...pods);
const event = fc.record({
  kind: fc.constantFrom('request', 'connection', 'retry'),
  proxy: pod,
  other: fc.option(pod, { nil: '' }),
  side: fc.constantFrom<Side>('client', 'server'),
  verdict: fc.constantFrom('forwarded', 'failed', 'allowed', 'denied', 'rejected'),
  code: fc.constantFrom(0, 200, 302, 403, 503),
  seconds: fc.double({ min: 0, max: 100, noNaN: true }),
  split: fc.constantFrom('', 'shop/canary'),
});

type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function labelsOf({ side, proxy, other, split }: Event) {
  const [source, destination] = side === 'client' ? [proxy, other] : [other, proxy];
  const common = { source_pod: source, destination_pod: destination, destination_namespace: 'shop' };
  if (side === 'server')
    return trafficLabels({
      ...common,
      direction: 'inbound',
      source_namespace: other === '' ? '' : 'shop',
      rule: 'shop/api',
    });
  const backend = other === '' ? '' : 'shop/api';
  return trafficLabels({ ...common, source_namespace: 'shop', destination: 'shop/api:80', backend, split });
}

let all = pods.map((name) => new Counts(`shop/${name}`, 0));
const proxies = await serveCounts(
  pods.map((name, index) => ({ workload: `shop/${name}`, snapshot: (at) => all[index]!.snapshot(at) })),
  () => 2_000,
);
afterAll(() => proxies.close());

const weights = (split: string, backend: string) => (split === 'shop/canary' && backend === 'shop/api' ? 7 : undefined);
const directory = {
  pod: (_: string, name: string) => {
    const [app = ''] = name.split('-');
    const owners = [
      { kind: 'ReplicaSet', name: `${app}-1` },
      { kind: 'Deployment', name: app },
    ];
    return { node: `node-${name}`, owners, services: [app, 'all'] };
  },
  account: () => undefined,
  weights,
};

test('a summary of what was collected is its report added up, by every kind, of every side and part', async () => {
  const property = fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), async (events) => {
    all = pods.map((name) => new Counts(`shop/${name}`, 1));
    const collector = new Collector({ targets: () => proxies.targets, directory, now: () => 2_000 });
    try {
      await collector.readAll();
      for (const each of events) {
        const counts = all[pods.indexOf(each.proxy)]!;
        if (each.kind === 'request') counts.request(labelsOf(each), each.code, each.verdict, each.seconds);
        else if (each.kind === 'connection') counts.connection(labelsOf(each), each.verdict);
        else counts.retry(labelsOf(each));
      }
      await collector.readAll();
      for (const by of Object.keys(resourceKinds) as ResourcePlural[]) {
        for (const side of [undefined, 'client', 'server'] satisfies (Side | undefined)[]) {
          const report = await collector.report(10_000, 3_000, side);
          if (!report.ok) throw new Error(report.error);
          for (const only of [undefined, 'edges', 'from', 'to'] satisfies (SummaryPart | undefined)[]) {
            const wanted = { by, weights, only, side };
            expect(await collector.summary(10_000, 3_000, wanted)).toEqual(ok(summarize(report.value, wanted)));
          }
        }
      }
    } finally {
      collector.stop();
    }
  });
  await fc.assert(property, { numRuns: 30 });
}, 60_000);
