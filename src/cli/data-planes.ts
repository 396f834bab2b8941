import { envoyAdapter } from '../../adapters/envoy/index.ts';
import { grpcAdapter } from '../../adapters/grpc/index.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../adapter/contract.ts';
import type { DataPlane } from '../control/publisher.ts';
import { sidecarPorts } from '../kubernetes/names.ts';
import { telemetryMetadata } from '../lib/traffic-context.ts';
import type { NodeInfo } from '../xds/contract.ts';

/** The data planes that a control plane of machines and local programs serves, each with its parsed options. */
export const dataPlanes: readonly DataPlane[] = dataPlanesWith({});

/**
 * Those of a control plane in a cluster: connections of pods are redirected to their sidecars. Pods that run elsewhere, and so say
 * where their sidecars listen, are served as ever.
 */
export const clusterDataPlanes: readonly DataPlane[] = dataPlanesWith({
  interception: { outbound: sidecarPorts.outbound, inbound: sidecarPorts.inbound },
});

function dataPlanesWith(envoy: Readonly<Record<string, unknown>>): readonly DataPlane[] {
  return [
    { adapter: proxyAdapter as DataPlaneAdapter, options: {} },
    {
      adapter: envoyAdapter as DataPlaneAdapter,
      options: envoyOptions({ ...envoy, telemetry: 'bootstrap' }),
      takes: (node) => isCounted(node),
    },
    {
      adapter: envoyAdapter as DataPlaneAdapter,
      options: envoyOptions(envoy),
      takes: (node) => !isCounted(node) && !isGrpcLibrary(node),
    },
    {
      adapter: grpcAdapter as DataPlaneAdapter,
      options: {},
      takes: isGrpcLibrary,
      local: true,
    },
  ];
}

/** Its bootstrap knows somebody who counts what it carries; other Envoys would refuse what says so. */
function isCounted({ metadata }: NodeInfo): boolean {
  return metadata[telemetryMetadata] !== undefined;
}

/** `gRPC Node Pure JS`, `gRPC C-core linux Python`, `gRPC Go`: they ask for the types that Envoy asks for. */
function isGrpcLibrary({ userAgentName }: NodeInfo): boolean {
  return userAgentName.startsWith('gRPC ');
}

/** An Envoy that asks for everything else gets its certificates as well. */
function envoyOptions(more: Readonly<Record<string, unknown>>): unknown {
  const options = envoyAdapter.parseOptions({ secrets: 'ads', ...more });
  if (!options.ok) throw new Error(options.error[0].message);
  return options.value;
}
