import { compileClusterPolicy } from '../../../../src/proxy/config/cluster-policy.ts';
import { ClusterMetrics } from '../../../../src/proxy/telemetry/clusters.ts';
import { Ticker } from '../../../../src/proxy/ticker.ts';
import type { Algorithm } from '../../../../src/proxy/upstream/balance/algorithms.ts';
import { Cluster } from '../../../../src/proxy/upstream/cluster.ts';
import { Dialer } from '../../../../src/proxy/upstream/dial.ts';
import type { Endpoint } from '../../../../src/proxy/upstream/endpoint.ts';
import { EndpointPool } from '../../../../src/proxy/upstream/endpoint-pool.ts';
import { dnsSource, Names } from '../../../../src/proxy/upstream/names.ts';
import { renderText } from '../../../../src/telemetry/exposition/text.ts';
import { MetricsRegistry } from '../../../../src/telemetry/registry.ts';
import { randomFrom } from './random.ts';

/** A server of a simulated fleet, as it is at a time in milliseconds. */
export interface SimulatedServer {
  /** Mean time to answer; 0: it refuses connections. */
  readonly pace: (now: number) => number;
  /** When discovery lists it; from the start by default. */
  readonly listedFrom?: number;
}

export interface FleetOptions {
  readonly algorithm: Algorithm;
  readonly seconds: number;
  readonly perSecond: number;
  readonly seed: number;
  /** Off: only the algorithm keeps away from what fails. */
  readonly detection: boolean;
  /** Tries on another endpoint after one that failed. */
  readonly retries?: number;
}

export interface FleetResult {
  readonly requests: readonly {
    readonly at: number;
    readonly server: number;
    readonly millis: number;
    readonly failed: boolean;
  }[];
  readonly retries: number;
  readonly ejections: number;
  readonly probes: number;
}

/** An open load on a fleet, with a clock and random numbers of its own and without a socket. */
export function simulateFleet(servers: readonly SimulatedServer[], options: FleetOptions): FleetResult {
  const random = randomFrom(options.seed);
  const registry = new MetricsRegistry();
  const ticker = new Ticker();
  const dialer = new Dialer(new Names(dnsSource([])));
  const pools = servers.map(
    (_, index) => new EndpointPool({ address: `10.0.0.${index}`, port: 80, identity: '' }, dialer, ticker),
  );
  const numberOf = new Map(pools.map((pool, index) => [pool, index]));
  let now = 0;
  const serving = (pool: EndpointPool) => servers[numberOf.get(pool)!]!.pace(now) > 0;
  const cluster = new Cluster('fleet', compileClusterPolicy(null, null), new ClusterMetrics(registry, 'fleet'), {
    prober: { probe: (pool, _question, done) => done(serving(pool), now) },
    random,
  });
  const compiled = compileClusterPolicy(null, null);
  const settings = {
    ...compiled,
    algorithm: options.algorithm,
    outlier: options.detection ? compiled.outlier : undefined,
  };
  const list = () =>
    cluster.update(
      settings,
      pools
        .filter((_, index) => (servers[index]!.listedFrom ?? 0) <= now)
        .map((pool) => ({ pool, locality: compiled.preference.own })),
      now,
    );
  const underWay: { end: number; millis: number; endpoint: Endpoint }[] = [];
  const requests: { at: number; server: number; millis: number; failed: boolean }[] = [];
  let retries = 0;
  const finishUntil = (time: number) => {
    underWay.sort((a, b) => a.end - b.end);
    while (underWay[0] !== undefined && underWay[0].end <= time) {
      const { end, millis, endpoint } = underWay.shift()!;
      endpoint.pool.outstanding--;
      endpoint.answered(200, millis, end);
    }
  };
  const send = () => {
    const tried: Endpoint[] = [];
    for (;;) {
      const endpoint = cluster.choose({ header: () => undefined, peerAddress: '' }, now, tried)!;
      const server = numberOf.get(endpoint.pool)!;
      const pace = servers[server]!.pace(now);
      if (pace > 0) {
        const millis = pace * (0.5 + random());
        endpoint.pool.outstanding++;
        underWay.push({ end: now + millis, millis, endpoint });
        requests.push({ at: now, server, millis, failed: false });
        return;
      }
      endpoint.failed(now);
      if (tried.length >= (options.retries ?? 0)) {
        requests.push({ at: now, server, millis: 0, failed: true });
        return;
      }
      retries++;
      tried.push(endpoint);
    }
  };
  list();
  let nextTick = 250;
  while (now < options.seconds * 1000) {
    for (; nextTick <= now; nextTick += 250) {
      list();
      cluster.tick(nextTick);
    }
    finishUntil(now);
    send();
    now -= (Math.log(1 - random()) * 1000) / options.perSecond;
  }
  ticker.stop();
  const value = (name: string) => Number(new RegExp(`^${name}{.*} (\\d+)$`, 'm').exec(renderText(registry))?.[1] ?? 0);
  const probes = renderText(registry).match(/^smi_outlier_probes_total\{.*\} (\d+)$/gm) ?? [];
  return {
    requests,
    retries,
    ejections: value('smi_outlier_ejections_total'),
    probes: probes.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0),
  };
}

/** The latency that a share of the answered requests stays below. */
export function quantile(requests: FleetResult['requests'], q: number): number {
  const sorted = requests
    .filter(({ failed }) => !failed)
    .map(({ millis }) => millis)
    .sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * q)] ?? 0;
}

export function failureShare(requests: FleetResult['requests']): number {
  return requests.filter(({ failed }) => failed).length / requests.length;
}
