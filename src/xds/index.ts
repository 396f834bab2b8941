/** An ADS server, delta and state of the world, that knows no resource type of its own. Entry point `smi-mesh/xds`. */

export type {
  InFlightState,
  NodeInfo,
  ProxyState,
  RefusedResource,
  ResourceState,
  TypeState,
  XdsEvent,
  XdsLimits,
} from './contract.ts';
export { type RotatingCredentials, rotatingCredentials, type ServerIdentity } from './credentials.ts';
export type { LocalSocket } from './local-socket.ts';
export { createXdsServer, type XdsCounters, type XdsServer, type XdsServerOptions } from './server.ts';
export { createView, resourceVersion, type View, type ViewUpdate, type XdsResource } from './view.ts';
