import type { Verdict } from '../../telemetry/labels.ts';
import type { ConnectionCounters, RequestSeries } from '../../telemetry/requests.ts';
import type { Destination } from '../interception/original-destination.ts';
import { limits } from '../limits.ts';
import type { TcpAttempt, TcpRoute, TcpTable } from '../listeners/tcp.ts';
import type { InboundTable } from '../routing/inbound-table.ts';
import { pickTarget, type Route, randomValue, type ServiceRoutes } from '../routing/outbound-table.ts';
import type { DenialLog } from '../telemetry/denials.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { DialTarget } from '../upstream/dial.ts';
import type { Endpoint } from '../upstream/endpoint.ts';

/** Connections of a program to the one service of a listener. */
export function outboundTcp(service: ServiceRoutes | undefined): Omit<TcpTable, 'admission'> {
  return {
    byServerName: false,
    route: ({ address }) => (service === undefined ? undefined : outboundRoute(service, address)),
  };
}

/** The same where several services share a listener and the name that the client's ClientHello asks for chooses. */
export function outboundTls(
  names: ReadonlyMap<string, ServiceRoutes>,
  rejected: RequestSeries,
): Omit<TcpTable, 'admission'> {
  return {
    byServerName: true,
    route: ({ address }, serverName) => {
      const service = names.get(serverName);
      if (service !== undefined) return outboundRoute(service, address);
      rejected.connection('rejected');
      return undefined;
    },
  };
}

/** The first rule without a match, one target by weight, its ready endpoints one after the other. */
function outboundRoute(service: ServiceRoutes, peerAddress: string): TcpRoute | undefined {
  const route = service.routes.find((candidate) => candidate.matches === undefined);
  if (route === undefined || route.total === 0) {
    (route?.failed ?? service.rejected).connection('rejected');
    return undefined;
  }
  return toTarget(route, peerAddress);
}

function toTarget(route: Route, peerAddress: string): TcpRoute | undefined {
  const target = pickTarget(route, randomValue(route));
  const { series } = target;
  if (target.admits !== undefined) {
    series.connection('denied');
    return undefined;
  }
  const { breaker } = target.cluster;
  if (breaker?.take('connections') === false) {
    series.connection('failed');
    return undefined;
  }
  return new OutboundRoute(target.cluster, { header: noHeader, peerAddress }, series);
}

/** To where the connection was going, by one try. */
export interface StraightTarget {
  readonly target: DialTarget;
  readonly series: RequestSeries;
}

/** Connections that were going to no service's address. */
export function straightTcp(
  straight: (destination: Destination) => StraightTarget | undefined,
): Omit<TcpTable, 'admission'> {
  return {
    byServerName: false,
    route: ({ destination }) => {
      const found = destination && straight(destination);
      if (found === undefined) return undefined;
      const { target, series } = found;
      return oneTry(target, series, () => series.connection('forwarded'));
    },
  };
}

/** Bytes carry none. */
export function noHeader(): undefined {}

class OutboundRoute implements TcpRoute {
  readonly #cluster: Cluster;
  readonly #breaker: Cluster['breaker'];
  readonly #request: Parameters<Cluster['choose']>[0];
  readonly #series: RequestSeries;
  readonly #tried: Endpoint[] = [];
  #current: Endpoint | undefined;

  /** A place for the connection has been taken at the cluster's breaker. */
  constructor(cluster: Cluster, request: Parameters<Cluster['choose']>[0], series: RequestSeries) {
    this.#cluster = cluster;
    this.#breaker = cluster.breaker;
    this.#request = request;
    this.#series = series;
  }

  next(): TcpAttempt | undefined {
    const tried = this.#tried;
    const chosen =
      tried.length < limits.tcpConnectAttempts
        ? this.#cluster.choose(this.#request, performance.now(), tried)
        : undefined;
    if (chosen === undefined || tried.includes(chosen)) {
      this.#series.connection('failed');
      return undefined;
    }
    if (tried.length > 0) this.#series.connectRetried();
    tried.push(chosen);
    chosen.pool.outstanding++;
    this.#current = chosen;
    return { target: chosen.pool.target, connectMillis: chosen.pool.connectMillis };
  }

  failed(): void {
    this.#current?.failed(performance.now());
    this.#leave();
  }

  connected(): ConnectionCounters {
    this.#current?.connected();
    const pod = this.#current?.pool.target;
    this.#series.connection('forwarded', pod);
    return this.#series.carried(pod);
  }

  ended(): void {
    this.#leave();
    this.#breaker?.release('connections');
  }

  #leave(): void {
    if (this.#current !== undefined) this.#current.pool.outstanding--;
    this.#current = undefined;
  }
}

/** Connections of other proxies, or of plain callers, to the program behind this one. */
export function inboundTcp(table: InboundTable, target: DialTarget, denials: DenialLog): Omit<TcpTable, 'admission'> {
  return {
    byServerName: false,
    route: ({ identity, address }) => {
      const access = table.access(identity, address);
      const grant = access.grants[0];
      const verdict = grant === undefined ? uncovered(table, identity) : 'allowed';
      if (verdict === 'denied' || verdict === 'audited') {
        denials.note(table.mode, identity, table.nearest(identity, address)?.rule ?? '');
      }
      const series = grant?.series ?? access.uncovered;
      if (verdict !== 'denied') return once(target, verdict, series);
      series.connection(verdict);
      return undefined;
    },
  };
}

/** Nobody is asked who proves nothing: the port lets plain callers in, or they would not be here. */
function uncovered({ mode }: InboundTable, identity: string): Verdict {
  if (identity === '') return 'unauthenticated';
  return mode === 'ALLOW' ? 'allowed' : mode === 'AUDIT' ? 'audited' : 'denied';
}

function once(target: DialTarget, verdict: Verdict, series: RequestSeries): TcpRoute {
  series.connection(verdict);
  return oneTry(target, series, () => {});
}

function oneTry(target: DialTarget, series: RequestSeries, connected: () => void): TcpRoute {
  let tried = false;
  return {
    next: () => {
      if (tried) return undefined;
      tried = true;
      return { target, connectMillis: limits.connectMillis };
    },
    failed: () => series.connection('failed'),
    connected: () => {
      connected();
      return series.carried();
    },
    ended: () => {},
  };
}
