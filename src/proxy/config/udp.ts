import type { MetricsRegistry } from '../../telemetry/registry.ts';
import type { RequestSeries } from '../../telemetry/requests.ts';
import type { UdpAccess } from '../listeners/udp-inbound.ts';
import type { UdpRoute } from '../listeners/udp-outbound.ts';
import type { InboundTable } from '../routing/inbound-table.ts';
import { pickTarget, randomValue, type ServiceRoutes } from '../routing/outbound-table.ts';
import type { DenialLog } from '../telemetry/denials.ts';
import { FlowSeries } from '../udp/flow-series.ts';
import { PlainFlow } from '../udp/plain-flow.ts';
import { TunnelFlow } from '../udp/tunnel-flow.ts';
import { noHeader } from './tcp.ts';

/** Datagrams of a program to a service: as a connection, by flow. */
export function outboundUdp(service: ServiceRoutes, registry: MetricsRegistry): UdpRoute {
  const seriesOf = remembered(registry);
  const route = service.routes.find((candidate) => candidate.matches === undefined);
  const unrouted = seriesOf(route?.failed ?? service.rejected);
  return {
    series: unrouted,
    decide: (address) => {
      if (route === undefined || route.total === 0) {
        unrouted.flow('rejected');
        return undefined;
      }
      const { cluster, series: labels, admits } = pickTarget(route, randomValue(route));
      const series = seriesOf(labels);
      if (admits !== undefined) {
        series.flow('denied');
        return undefined;
      }
      const endpoint = cluster.choose({ header: noHeader, peerAddress: address }, performance.now());
      if (endpoint === undefined) {
        series.flow('failed');
        return undefined;
      }
      const { pool } = endpoint;
      const { address: to, port, identity } = pool.target;
      pool.outstanding++;
      let opened = false;
      return {
        series,
        create: (ends) => (identity === '' ? new PlainFlow(to, port, ends) : new TunnelFlow(pool, ends)),
        opened: () => {
          opened = true;
          endpoint.connected();
          series.flow('forwarded');
        },
        ended: (properly) => {
          pool.outstanding--;
          if (!opened) series.flow(properly ? 'denied' : 'failed');
          if (!opened && !properly) endpoint.failed(performance.now());
        },
      };
    },
  };
}

/** Flows of other proxies to the program behind this one. */
export function inboundUdp(
  table: InboundTable,
  program: { readonly address: string; readonly port: number },
  registry: MetricsRegistry,
  denials: DenialLog,
): UdpAccess {
  const seriesOf = remembered(registry);
  return ({ identity, address }) => {
    const access = table.access(identity, address);
    const grant = access.grants[0];
    const series = seriesOf(grant?.series ?? access.uncovered);
    if (grant === undefined && table.mode !== 'ALLOW') {
      denials.note(table.mode, identity, table.nearest(identity, address)?.rule ?? '');
    }
    if (grant === undefined && table.mode === 'DENY') {
      series.flow('denied');
      return undefined;
    }
    series.flow(grant === undefined && table.mode === 'AUDIT' ? 'audited' : 'allowed');
    return { ...program, series };
  };
}

/** The counters of datagrams for what the tables count requests by. */
function remembered(registry: MetricsRegistry): (series: RequestSeries) => FlowSeries {
  const known = new Map<RequestSeries, FlowSeries>();
  return (series) => {
    let found = known.get(series);
    if (found === undefined) {
      found = new FlowSeries(registry, series.labels);
      known.set(series, found);
    }
    return found;
  };
}
