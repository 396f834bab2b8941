import { emptyCluster } from '../../names.ts';
import { any, type Message } from '../message.ts';
import { tellingConnections } from '../telemetry.ts';

/** The network filter that hands a connection to a cluster as it is. */
export function handOn(statPrefix: string, cluster: string, accessLog: readonly Message[] = []): Message {
  return {
    name: 'envoy.filters.network.tcp_proxy',
    typedConfig: any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
      statPrefix,
      cluster,
      ...tellingConnections(accessLog),
    }),
  };
}

/** Closes a connection at once. */
export function nowhere(statPrefix: string, accessLog: readonly Message[] = []): Message {
  return handOn(statPrefix, emptyCluster, accessLog);
}
