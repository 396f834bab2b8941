import type { Workload } from '../../../../src/model/types.ts';
import { originalDestinationName } from '../../names.ts';
import type { EnvoyOptions } from '../../options.ts';
import { undeclaredLogs } from '../access-log.ts';
import { admission, inspection, matching } from '../admission.ts';
import type { InboundPort } from '../emitted.ts';
import { any, type Message, originMetadata } from '../message.ts';
import { connectionStream, refusalContext } from '../telemetry.ts';
import { tlsInspector } from '../tls.ts';
import { nowhere } from './connections.ts';
import { anyAddress, interceptionOf } from './redirection.ts';

/**
 * Where all connections to an intercepted workload are redirected to. The port that a caller used chooses what it meets; at one
 * that nobody declares it is closed, and logged.
 */
export function redirectedInbound(
  server: Workload,
  ports: readonly InboundPort[],
  options: EnvoyOptions,
): Message | undefined {
  const interception = interceptionOf(server, options);
  if (interception === undefined) return undefined;
  const name = originalDestinationName(server.id, 'inbound');
  const undeclared = connectionStream(options, refusalContext(server, 'inbound', 'undeclared-port'));
  return {
    name,
    ...originMetadata(server.origins),
    ...anyAddress(server, interception.inbound),
    trafficDirection: 'INBOUND',
    listenerFilters: [originalDestination, ...inspectors(ports)],
    ...inspection,
    filterChains: ports.flatMap((port) =>
      admission(port).map((chain) => matching(chain, { destinationPort: port.port.port })),
    ),
    defaultFilterChain: { filters: [nowhere(name, [...undeclaredLogs(options, server), ...undeclared])] },
    accessLog: ports.flatMap(({ accessLog }) => accessLog),
  };
}

/** Finds the address that a caller used; unlike `useOriginalDst` it hands the connection to no other listener. */
const originalDestination: Message = {
  name: 'envoy.filters.listener.original_dst',
  typedConfig: any('envoy.extensions.filters.listener.original_dst.v3.OriginalDst', {}),
};

/** Looks only at ports that take plain callers and others: elsewhere it would make callers wait who let the server speak first. */
function inspectors(ports: readonly InboundPort[]): readonly Message[] {
  const both = ports.filter(({ tls }) => tls === 'permissive').map(({ port }) => portIs(port.port));
  const [only, ...others] = both;
  if (only === undefined) return [];
  const there = others.length === 0 ? only : { orMatch: { rules: both } };
  return [{ ...tlsInspector, filterDisabled: { notMatch: there } }];
}

function portIs(port: number): Message {
  return { destinationPortRange: { start: port, end: port + 1 } };
}
