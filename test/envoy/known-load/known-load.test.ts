import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { askSocket } from '../../../src/control/admin/socket.ts';
import { parseMetrics, type Sample } from '../../../src/control/local/metrics-scrape.ts';
import type { Topology } from '../../../src/dashboard/api/contract.ts';
import { parseQuantity } from '../../../src/lib/quantity.ts';
import type { TrafficSummary } from '../../../src/metrics/contract.ts';
import { until } from '../../e2e/support/mesh.ts';
import { envoyBinary } from '../../support/envoy.ts';
import { type AddressRange, takeAddressRange } from '../../support/mesh/address-range.ts';
import { prometheusMissing } from '../../support/prometheus/programs.ts';
import { prometheusUrl, proxiesJob, type RunningPrometheus, startPrometheus } from '../../support/prometheus/server.ts';
import { runCli } from '../../support/run-cli.ts';
import { expectPercentile, LoadedMesh } from './load.ts';

/** Stated for percentiles of either source. */
const error = 0.01;
const window = '5m';
const metricsPort = 15_000;
const patience = 90_000;
const quantiles = { p50Millis: 0.5, p90Millis: 0.9, p99Millis: 0.99 } as const;
const pods = ['client-0', 'thief-0', 'store-v1-0', 'store-v2-0'];

const { path: envoy = '' } = envoyBinary();
interface DataPlane {
  /** Of `up`. */
  readonly options: readonly string[];
  /** Who refuses the thief. */
  readonly refusedBy: 'client' | 'server';
}

const planes: readonly (readonly [string, DataPlane])[] = [
  ['our proxy', { options: [], refusedBy: 'server' }],
  ...(envoy === ''
    ? []
    : [['Envoy', { options: ['--data-plane', 'envoy', '--envoy', envoy], refusedBy: 'client' }] as const]),
];
const missing = prometheusMissing('prometheus');
const sources = missing === undefined ? (['collector', 'prometheus'] as const) : (['collector'] as const);

describe.each(planes)('a known load on %s', (_, { options, refusedBy }) => {
  describe.each(sources)(`is read back by %s${missing === undefined ? '' : ` (${missing})`}`, (source) => {
    let range: AddressRange;
    let loaded: LoadedMesh;
    let prometheus: RunningPrometheus | undefined;

    beforeAll(async () => {
      range = await takeAddressRange();
      const address = `127.${range.base}.1.200`;
      const asked = source === 'prometheus' ? ['--prometheus', prometheusUrl(address)] : [];
      loaded = new LoadedMesh(...options, ...asked);
      await loaded.ready();
      const targets = pods.map((pod) => `${loaded.mesh.addressOf(pod)}:${metricsPort}`);
      if (missing === undefined)
        prometheus = await startPrometheus({ address, jobs: [proxiesJob(targets)], native: true });
      // Of those that counted before anybody looked the past is not known.
      await until(allRead, patience, () => `every proxy to be read; ${loaded.mesh.tail()}`);
      await loaded.load();
      await until(
        async () => counted(await top('deployments')) === loaded.known.length + deniedByServers(),
        patience,
        () => `all requests to be counted; ${loaded.mesh.tail()}`,
      );
    }, 300_000);
    afterAll(async () => {
      await loaded?.stop();
      await prometheus?.stop();
      range?.release();
    });

    const deniedByServers = () => (refusedBy === 'server' ? loaded.denied : 0);
    const page = async <T>(path: string): Promise<T> => {
      const answer = await askSocket(loaded.state, path, 30_000);
      if (!answer.ok) throw new Error(answer.error);
      return JSON.parse(answer.value.body) as T;
    };

    async function allRead(): Promise<boolean> {
      const query = 'count(count_over_time(smi_counting_since_timestamp_seconds[1m]) > 1)';
      if (prometheus !== undefined) {
        const answer = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query })}`);
        if (!JSON.stringify(await answer.json()).includes(`"${pods.length}"`)) return false;
      }
      const { proxies } = await page<TrafficSummary>('/traffic?by=pods');
      return proxies !== undefined && proxies.read === pods.length;
    }

    async function top(...args: readonly string[]): Promise<TrafficSummary> {
      const argv = ['top', ...args, '--state', loaded.state, '--window', window, '-o', 'json'];
      const { status, stdout, stderr } = await runCli(argv);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return JSON.parse(stdout) as TrafficSummary;
    }

    const counted = ({ totals }: TrafficSummary) =>
      totals.reduce((sum, { success, failure }) => sum + success + failure, 0);

    function expectPercentiles(version: string | undefined, said: Readonly<Record<keyof typeof quantiles, number>>) {
      for (const name of ['p50Millis', 'p90Millis', 'p99Millis'] as const)
        expectPercentile(loaded.knownOf(version), quantiles[name], said[name], error);
    }

    const codesOf = (version?: string) => {
      const codes: Record<string, number> = {};
      for (const { code } of loaded.knownOf(version)) codes[code] = (codes[code] ?? 0) + 1;
      return codes;
    };

    test('/metrics of both sides', async () => {
      const read = async (pod: string): Promise<readonly Sample[]> => {
        const response = await fetch(`http://${loaded.mesh.addressOf(pod)}:${metricsPort}/metrics`);
        return parseMetrics(await response.text());
      };
      const sides = [
        { samples: await read('client-0'), direction: 'outbound', version: undefined },
        { samples: await read('store-v1-0'), direction: 'inbound', version: 'v1' },
        { samples: await read('store-v2-0'), direction: 'inbound', version: 'v2' },
      ];
      for (const { samples, direction, version } of sides) {
        // What the thief got is no answer of a store.
        const own = samples.filter(({ labels }) => labels.direction === direction && !isStolen(labels));
        const codes: Record<string, number> = {};
        for (const { name, labels, value } of own)
          if (name === 'smi_requests_total') codes[labels.code ?? ''] = (codes[labels.code ?? ''] ?? 0) + value;
        expect(codes).toEqual(codesOf(version));
        const known = loaded.knownOf(version);
        for (const bound of new Set(own.flatMap(({ labels }) => labels.le ?? []))) {
          const seconds = bound === '+Inf' ? Number.POSITIVE_INFINITY : Number(bound);
          const count = own.reduce((sum, { labels, value }) => sum + (labels.le === bound ? value : 0), 0);
          const within = (pick: 'serverMillis' | 'clientMillis') =>
            known.filter((one) => one[pick] <= seconds * 1_000).length;
          expect(count, `at and below ${bound}`).toBeGreaterThanOrEqual(within('clientMillis'));
          expect(count, `at and below ${bound}`).toBeLessThanOrEqual(within('serverMillis'));
        }
      }
    });

    test('top', async () => {
      const received = await top('deployments');
      expect(received).toMatchObject({ measuredBy: source, proxies: { known: 4, read: 4 } });
      expect(received.latencyError).toBeUndefined();
      const stores = received.totals.filter(({ resource }) => resource.name.startsWith('store-'));
      expect(stores.reduce((sum, { denied }) => sum + denied, 0)).toBe(deniedByServers());
      const [stolen] = (await top('deployments', 'thief', '--direction', 'to')).totals;
      expect(stolen).toMatchObject({ success: 0, failure: loaded.denied, denied: loaded.denied });
      for (const { resource, success } of stores) {
        const { 200: fine = 0 } = codesOf(resource.name.slice('store-'.length));
        expect([resource.name, success]).toEqual([resource.name, fine]);
      }
      const [sent] = (await top('deployments', 'client', '--direction', 'to')).totals;
      expect(sent).toMatchObject({ success: 195, failure: 5, denied: 0, retries: 0, codes: codesOf() });
      expectPercentiles(undefined, sent!.latency);
      const split = (await top('trafficsplits')).totals.filter(({ backend }) => backend !== undefined);
      for (const { backend, success, failure, latency, codes } of split) {
        const version = backend?.name.slice('store-'.length) ?? '';
        expect(backend?.weight).toBe(version === 'v1' ? 60 : 40);
        const stolen = codes[403] ?? 0;
        expect(success + failure - stolen).toBe(loaded.knownOf(version).length);
        if (stolen === 0) expectPercentiles(version, latency);
      }
      expect(split.map(({ backend }) => backend?.name)).toEqual(['store-v1', 'store-v2']);
    });

    test.skipIf(missing !== undefined)('top that asks Prometheus itself', async () => {
      const asked = await top('pods', 'client-0', '--direction', 'to', '--prometheus', prometheus!.url);
      expect(asked.measuredBy).toBe('prometheus');
      expect(asked.totals).toMatchObject([{ success: 195, failure: 5, codes: codesOf() }]);
      expectPercentiles(undefined, asked.totals[0]!.latency);
    });

    test('TrafficMetrics', async () => {
      const path = `/apis/metrics.smi-spec.io/v1alpha2/namespaces/default/deployments/client/edges?window=${window}`;
      const { items } = await page<{ items: readonly TrafficMetrics[] }>(path);
      const served = await fetch(`${loaded.dashboard}${path}`);
      expect(await served.json()).toMatchObject({ kind: 'TrafficMetricsList', items: Array(items.length).fill({}) });
      for (const side of ['client', 'server']) {
        const edges = items.filter(({ edge }) => edge.direction === 'to' && edge.side === side);
        expect(edges.map(({ edge }) => edge.resource.name).sort()).toEqual(['store-v1', 'store-v2']);
        for (const { edge, metrics } of edges) {
          const version = edge.resource.name.slice('store-'.length);
          const value = (name: string) => numberOf(metrics.find((one) => one.name === name)?.value);
          const { 200: fine = 0, 503: busy = 0 } = codesOf(version);
          expect([value('success_count'), value('failure_count')]).toEqual([fine, busy]);
          expectPercentiles(version, {
            p50Millis: value('p50_response_latency') * 1_000,
            p90Millis: value('p90_response_latency') * 1_000,
            p99Millis: value('p99_response_latency') * 1_000,
          });
        }
      }
    });

    test("the dashboard's topology", async () => {
      const answer = await fetch(`${loaded.dashboard}/api/topology?window=300s`);
      const { edges, nodes } = (await answer.json()) as Topology;
      const idOf = (name: string) => nodes.find(({ id }) => id.endsWith(`/${name}`) && !id.startsWith('service:'))?.id;
      const calls = edges.filter(({ from, kind }) => from === idOf('client') && kind === 'call');
      expect(calls).toMatchObject([{ golden: { requests: 200, failures: 5, denied: 0, retries: 0 } }]);
      const { p50 = 0, p90 = 0, p99 = 0 } = calls[0]?.golden ?? {};
      expectPercentiles(undefined, { p50Millis: p50, p90Millis: p90, p99Millis: p99 });
    });
  });
});

interface TrafficMetrics {
  readonly edge: { readonly direction: string; readonly side: string; readonly resource: { readonly name: string } };
  readonly metrics: readonly { readonly name: string; readonly value: string }[];
}

function numberOf(quantity = ''): number {
  const parsed = parseQuantity(quantity);
  return parsed.ok ? Number(parsed.value.numerator) / Number(parsed.value.denominator) : Number.NaN;
}

function isStolen({ source_identity: identity = '' }: Sample['labels']): boolean {
  return identity.endsWith('/sa/thief');
}
