import type { MeshModel, Workload } from '../../../src/model/types.ts';
import { emptyCluster, originalDestinationName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { any, type Message, originMetadata, socketAddress } from './message.ts';

/**
 * Where all connections of an intercepted workload are redirected to: it hands each to the listener of the port number that the
 * program asked for. What no Service has goes on to where it was going, or nowhere.
 */
export function originalDestination(
  { settings }: MeshModel,
  client: Workload,
  { interception }: EnvoyOptions,
): { readonly listeners: readonly Message[]; readonly clusters: readonly Message[] } {
  if (interception === undefined || client.outbound !== 'intercepted') return { listeners: [], clusters: [] };
  const name = originalDestinationName(client.id);
  const passesOn = settings.outboundMode === 'passthrough';
  const proxy = { statPrefix: name, cluster: passesOn ? name : emptyCluster };
  const typedConfig = any('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', proxy);
  return {
    listeners: [
      {
        name,
        ...originMetadata(client.origins),
        address: socketAddress(anyAddress, interception.port),
        trafficDirection: 'OUTBOUND',
        useOriginalDst: true,
        filterChains: [{ filters: [{ name: 'envoy.filters.network.tcp_proxy', typedConfig }] }],
      },
    ],
    clusters: passesOn ? [{ name, type: 'ORIGINAL_DST', connectTimeout: '5s', lbPolicy: 'CLUSTER_PROVIDED' }] : [],
  };
}

const anyAddress = '0.0.0.0';

/** How a listener of an intercepted workload takes connections: by itself, or from the one to which they are redirected. */
export function interceptedSocket({ interception }: EnvoyOptions, address: string, port: number): Message {
  if (interception === undefined) return { address: socketAddress(address, port) };
  return { address: socketAddress(anyAddress, port), bindToPort: false };
}
