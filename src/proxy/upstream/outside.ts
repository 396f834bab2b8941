import { BlockList, isIPv6 } from 'node:net';
import { canonicalIp } from '../../lib/ip-address.ts';
import type { MetricsRegistry } from '../../telemetry/registry.ts';
import { limits } from '../limits.ts';
import { ClusterMetrics } from '../telemetry/clusters.ts';
import type { Ticker } from '../ticker.ts';
import { Cluster, type ClusterEnvironment } from './cluster.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import type { Dialer, DialTarget } from './dial.ts';
import { EndpointPool } from './endpoint-pool.ts';
import type { AddressGuard } from './names.ts';

interface Place {
  readonly cluster: Cluster;
  readonly pool: EndpointPool;
}

const nowhere = { region: '', zone: '' };

/** Servers that no service led to, as programs ask for them: a bounded number, each with its connections. */
export class Outside {
  readonly #dialer: Dialer;
  readonly #ticker: Ticker;
  readonly #settings: ClusterSettings;
  readonly #metrics: ClusterMetrics;
  readonly #environment: ClusterEnvironment;
  /** By host and port; those asked for last stand last. */
  readonly #places = new Map<string, Place>();

  constructor(
    dialer: Dialer,
    ticker: Ticker,
    registry: MetricsRegistry,
    settings: ClusterSettings,
    environment: ClusterEnvironment,
  ) {
    this.#dialer = dialer;
    this.#ticker = ticker;
    this.#settings = settings;
    this.#metrics = new ClusterMetrics(registry, 'outside');
    this.#environment = environment;
  }

  /** Undefined while as many hosts as there may be have requests under way. */
  cluster(target: DialTarget): Cluster | undefined {
    const { address, port, identity, http2 = false, program = false } = target;
    const key = `${address} ${port} ${identity} ${http2} ${program}`;
    const known = this.#places.get(key) ?? this.#create(target);
    if (known === undefined) return undefined;
    this.#places.delete(key);
    this.#places.set(key, known);
    return known.cluster;
  }

  get connections(): number {
    let count = 0;
    for (const { pool } of this.#places.values()) count += pool.connections;
    return count;
  }

  destroy(): void {
    for (const { pool } of this.#places.values()) pool.destroy();
    this.#places.clear();
  }

  #create(target: DialTarget): Place | undefined {
    if (this.#places.size >= limits.outsideHosts && !this.#forgetOne()) return undefined;
    const pool = new EndpointPool(target, this.#dialer, this.#ticker);
    const cluster = new Cluster('outside', this.#settings, this.#metrics, this.#environment);
    cluster.update(this.#settings, [{ pool, locality: nowhere }], this.#ticker.now);
    return { cluster, pool };
  }

  #forgetOne(): boolean {
    for (const [key, { pool }] of this.#places) {
      if (pool.outstanding > 0) continue;
      this.#places.delete(key);
      pool.retire();
      return true;
    }
    return false;
  }
}

/**
 * Keeps what a listener passes on away from the pod itself, where it could come back to the listener for ever, and from
 * addresses that are no host's. `own` is the listener's address: a mesh whose pods live on loopback addresses of their own
 * is a network there.
 */
export function outsideGuard(own: string): AddressGuard {
  const blocked = new BlockList();
  blocked.addSubnet('0.0.0.0', 8, 'ipv4');
  blocked.addSubnet('169.254.0.0', 16, 'ipv4');
  blocked.addSubnet('224.0.0.0', 3, 'ipv4');
  blocked.addSubnet('::', 127, 'ipv6');
  blocked.addSubnet('fe80::', 10, 'ipv6');
  blocked.addSubnet('ff00::', 8, 'ipv6');
  blocked.addAddress('127.0.0.1', 'ipv4');
  if (!own.startsWith('127.') || own === '127.0.0.1') blocked.addSubnet('127.0.0.0', 8, 'ipv4');
  blocked.addAddress(own, isIPv6(own) ? 'ipv6' : 'ipv4');
  return (address) => {
    const canonical = canonicalIp(address);
    return canonical !== undefined && !blocked.check(canonical, isIPv6(canonical) ? 'ipv6' : 'ipv4');
  };
}
