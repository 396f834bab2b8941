import { envoyAdapter } from '../../adapters/envoy/index.ts';
import { grpcAdapter } from '../../adapters/grpc/index.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../adapter/contract.ts';
import type { DataPlane } from '../control/publisher.ts';
import type { NodeInfo } from '../xds/contract.ts';

/** The data planes that the control plane serves, each with its parsed options. */
export const dataPlanes: readonly DataPlane[] = [
  { adapter: proxyAdapter as DataPlaneAdapter, options: {} },
  {
    adapter: envoyAdapter as DataPlaneAdapter,
    options: envoyOptions(),
    takes: (node) => !isGrpcLibrary(node),
  },
  {
    adapter: grpcAdapter as DataPlaneAdapter,
    options: {},
    takes: isGrpcLibrary,
    local: true,
  },
];

/** `gRPC Node Pure JS`, `gRPC C-core linux Python`, `gRPC Go`: they ask for the types that Envoy asks for. */
function isGrpcLibrary({ userAgentName }: NodeInfo): boolean {
  return userAgentName.startsWith('gRPC ');
}

/** An Envoy that asks for everything else gets its certificates as well. */
function envoyOptions(): unknown {
  const options = envoyAdapter.parseOptions({ secrets: 'ads' });
  if (!options.ok) throw new Error(options.error[0].message);
  return options.value;
}
