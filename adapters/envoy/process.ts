import { envoyProgramLimit } from '../../src/lib/re2.ts';
import { telemetryCluster, telemetryMetadata } from '../../src/lib/traffic-context.ts';
import { any, type Message, socketAddress } from './emit/message.ts';
import { from, withHopLimit } from './emit/upstream-bind.ts';

/** One Envoy, whatever it will be configured to do. */
export interface EnvoyProcess {
  /** The workload that it serves. */
  readonly id: string;
  readonly cluster: string;
  /** The admin endpoint can stop Envoy and asks nobody for a name, so it belongs on a loopback address. */
  readonly admin: { readonly address: string; readonly port: number };
  /**
   * Where its connections come from: pods that share a machine's network do not call from their own address by themselves,
   * and servers tell them apart by it.
   */
  readonly sourceAddress?: string | undefined;
  /** By which its connections to endpoints can be told from those to its program; absent: the system's. */
  readonly hopLimit?: number;
  /** The Unix socket of whoever counts what it carries; absent: nobody does. */
  readonly telemetrySocket?: string | undefined;
}

/** What a bootstrap says of the process itself, wherever its configuration comes from. */
export function envoyProcess(process: EnvoyProcess): Message {
  const { id, cluster, admin, sourceAddress, hopLimit, telemetrySocket } = process;
  const upstreamBindConfig = sourceAddress === undefined ? hopLimit && withHopLimit(hopLimit) : from(sourceAddress);
  return {
    node: { id, cluster, ...(telemetrySocket === undefined ? {} : { metadata: { [telemetryMetadata]: 'grpc' } }) },
    admin: { address: socketAddress(admin.address, admin.port) },
    ...(upstreamBindConfig === undefined ? {} : { clusterManager: { upstreamBindConfig } }),
    statsConfig: { statsTags: statsTags(id) },
    bootstrapExtensions: [internalListeners],
    layeredRuntime: { layers: [{ name: 'smi-mesh', staticLayer: runtime }] },
  };
}

/** The clusters that a process has wherever its configuration comes from: access logs take no others. */
export function ownClusters({ telemetrySocket: path }: Pick<EnvoyProcess, 'telemetrySocket'>): readonly Message[] {
  if (path === undefined) return [];
  const http = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const endpoint = { address: { pipe: { path } } };
  return [
    {
      name: telemetryCluster,
      type: 'STATIC',
      connectTimeout: '1s',
      typedExtensionProtocolOptions: { [http]: any(http, { explicitHttpConfig: { http2ProtocolOptions: {} } }) },
      loadAssignment: { clusterName: telemetryCluster, endpoints: [{ lbEndpoints: [{ endpoint }] }] },
    },
  ];
}

/**
 * Labels of Envoy's numbers beside its own: the workload of the process, and of a cluster that is a service port the two
 * parts of its name (`names.ts`), in which Envoy has made an underscore of the colon.
 */
function statsTags(workload: string): readonly Message[] {
  const [service, port] = ['[a-z0-9-]+/[a-z0-9.-]+', '[0-9]+(?:/udp)?'];
  return [
    { tagName: 'workload', fixedValue: workload },
    { tagName: 'service', regex: `^cluster\\.((${service})_${port}\\.)` },
    { tagName: 'port', regex: `^cluster\\.${service}_((${port})\\.)` },
  ];
}

/** Lets a listener of the process be the endpoint of one of its clusters. */
const internalListeners: Message = {
  name: 'envoy.bootstrap.internal_listener',
  typedConfig: any('envoy.extensions.bootstrap.internal_listener.v3.InternalListener', {}),
};

const runtime: Message = {
  're2.max_program_size.error_level': envoyProgramLimit,
  're2.max_program_size.warn_level': envoyProgramLimit,
  // Several values of one header are matched joined with a comma, at routes and at grants; by default Envoy 1.40 lets any
  // one value of them match.
  'envoy.reloadable_features.match_headers_individually': false,
  'envoy.reloadable_features.rbac_match_headers_individually': false,
  // Kept as a segment, so that a route can refuse it; otherwise Envoy takes `..;x` for `..` although RFC 3986 does not.
  'envoy.reloadable_features.strip_dotdot_segments_with_parameters': false,
};
