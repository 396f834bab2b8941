import { limits } from '../limits.ts';
import type { TcpDecision } from '../listeners/tcp.ts';
import type { InboundTable } from '../routing/inbound-table.ts';
import { pickTarget, randomValue, type ServiceRoutes } from '../routing/outbound-table.ts';
import type { DenialLog } from '../telemetry/denials.ts';
import type { Counter, MetricsRegistry } from '../telemetry/registry.ts';
import type { RequestLabels, RequestSeries } from '../telemetry/requests.ts';
import type { DialTarget } from '../upstream/dial.ts';

/** A connection of a program to a service: the first rule without a match, one target by weight, one ready endpoint. */
export function outboundTcp(service: ServiceRoutes | undefined, registry: MetricsRegistry): TcpDecision {
  const route = service?.routes.find((candidate) => candidate.matches === undefined);
  return ({ address }) => {
    if (service === undefined) return undefined;
    const count = ({ labels }: RequestSeries, verdict: string) => {
      connections(registry, labels, verdict).value++;
    };
    if (route === undefined || route.total === 0) {
      count(route?.failed ?? service.rejected, 'rejected');
      return undefined;
    }
    const { cluster, series, admits } = pickTarget(route, randomValue(route));
    if (admits !== undefined) {
      count(series, 'denied');
      return undefined;
    }
    const { breaker } = cluster;
    const room = breaker?.take('connections') ?? true;
    const endpoint = room ? cluster.choose({ header: noHeader, peerAddress: address }, performance.now()) : undefined;
    if (endpoint === undefined) {
      if (room) breaker?.release('connections');
      count(series, 'failed');
      return undefined;
    }
    endpoint.pool.outstanding++;
    count(series, 'forwarded');
    return {
      target: endpoint.pool.target,
      connectMillis: endpoint.pool.connectMillis,
      connected: () => endpoint.connected(),
      failed: () => {
        endpoint.failed(performance.now());
        count(series, 'failed');
      },
      ended: () => {
        endpoint.pool.outstanding--;
        breaker?.release('connections');
      },
    };
  };
}

/** Bytes carry none. */
function noHeader(): undefined {}

/** A connection of another proxy to the program behind this one. */
export function inboundTcp(
  table: InboundTable,
  target: DialTarget,
  registry: MetricsRegistry,
  denials: DenialLog,
): TcpDecision {
  const count = (series: RequestSeries, verdict: string) => {
    connections(registry, series.labels, verdict).value++;
  };
  return ({ identity, address }) => {
    const access = table.access(identity, address);
    const grant = access.grants[0];
    if (grant === undefined && table.mode !== 'ALLOW')
      denials.note(table.mode, identity, table.nearest(identity, address));
    if (grant === undefined && table.mode === 'DENY') {
      count(access.uncovered, 'denied');
      return undefined;
    }
    const series = grant?.series ?? access.uncovered;
    count(series, grant === undefined && table.mode === 'AUDIT' ? 'audited' : 'allowed');
    return {
      target,
      connectMillis: limits.connectMillis,
      connected: () => {},
      failed: () => count(series, 'failed'),
      ended: () => {},
    };
  };
}

function connections(registry: MetricsRegistry, labels: RequestLabels, verdict: string): Counter {
  const { direction, source, sourceIdentity, destination, backend, route } = labels;
  return registry.counter('smi_tcp_connections_total', 'TCP connections taken.', {
    direction,
    source,
    source_identity: sourceIdentity,
    destination,
    backend,
    route,
    verdict,
  });
}
