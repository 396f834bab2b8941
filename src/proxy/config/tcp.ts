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
  return () => {
    if (service === undefined) return undefined;
    if (route === undefined || route.total === 0) {
      connections(registry, (route?.failed ?? service.rejected).labels, 'rejected').value++;
      return undefined;
    }
    const { cluster, series, admits } = pickTarget(route, randomValue(route));
    if (admits !== undefined) {
      connections(registry, series.labels, 'denied').value++;
      return undefined;
    }
    const pool = cluster.choose(performance.now());
    const failed = () => {
      pool?.latency.failed(performance.now());
      connections(registry, series.labels, 'failed').value++;
    };
    if (pool === undefined) {
      failed();
      return undefined;
    }
    connections(registry, series.labels, 'forwarded').value++;
    return { target: pool.target, failed };
  };
}

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
    return { target, failed: () => count(series, 'failed') };
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
