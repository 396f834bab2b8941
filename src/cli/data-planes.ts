import { grpcAdapter } from '../../adapters/grpc/index.ts';
import { proxyAdapter } from '../../adapters/proxy/index.ts';
import type { DataPlaneAdapter } from '../adapter/contract.ts';
import type { DataPlane } from '../control/publisher.ts';

/** The data planes that the control plane serves, each with its parsed options. */
export const dataPlanes: readonly DataPlane[] = [
  { adapter: proxyAdapter as DataPlaneAdapter, options: {} },
  {
    adapter: grpcAdapter as DataPlaneAdapter,
    options: {},
    // `gRPC Node Pure JS`, `gRPC C-core linux Python`, `gRPC Go`: they ask for the types that Envoy asks for.
    takes: ({ userAgentName }) => userAgentName.startsWith('gRPC '),
    local: true,
  },
];
