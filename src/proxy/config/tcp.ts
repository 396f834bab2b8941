import { limits } from '../limits.ts';
import type { TcpDecision } from '../listeners/tcp.ts';
import type { InboundTable } from '../routing/inbound-table.ts';
import { pickTarget, randomValue, type ServiceRoutes } from '../routing/outbound-table.ts';
import type { DenialLog } from '../telemetry/denials.ts';
import type { DialTarget } from '../upstream/dial.ts';

/** A connection of a program to a service: the first rule without a match, one target by weight, one ready endpoint. */
export function outboundTcp(service: ServiceRoutes | undefined): TcpDecision {
  const route = service?.routes.find((candidate) => candidate.matches === undefined);
  return ({ address }) => {
    if (service === undefined) return undefined;
    if (route === undefined || route.total === 0) {
      (route?.failed ?? service.rejected).connection('rejected');
      return undefined;
    }
    const { cluster, series, admits } = pickTarget(route, randomValue(route));
    if (admits !== undefined) {
      series.connection('denied');
      return undefined;
    }
    const { breaker } = cluster;
    const room = breaker?.take('connections') ?? true;
    const endpoint = room ? cluster.choose({ header: noHeader, peerAddress: address }, performance.now()) : undefined;
    if (endpoint === undefined) {
      if (room) breaker?.release('connections');
      series.connection('failed');
      return undefined;
    }
    endpoint.pool.outstanding++;
    series.connection('forwarded');
    return {
      target: endpoint.pool.target,
      connectMillis: endpoint.pool.connectMillis,
      connected: () => endpoint.connected(),
      failed: () => {
        endpoint.failed(performance.now());
        series.connection('failed');
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
export function inboundTcp(table: InboundTable, target: DialTarget, denials: DenialLog): TcpDecision {
  return ({ identity, address }) => {
    const access = table.access(identity, address);
    const grant = access.grants[0];
    if (grant === undefined && table.mode !== 'ALLOW')
      denials.note(table.mode, identity, table.nearest(identity, address));
    if (grant === undefined && table.mode === 'DENY') {
      access.uncovered.connection('denied');
      return undefined;
    }
    const series = grant?.series ?? access.uncovered;
    series.connection(grant === undefined && table.mode === 'AUDIT' ? 'audited' : 'allowed');
    return {
      target,
      connectMillis: limits.connectMillis,
      connected: () => {},
      failed: () => series.connection('failed'),
      ended: () => {},
    };
  };
}
