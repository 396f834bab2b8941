/**
 * What adapters of data planes need beside `smi-mesh/adapter`: messages as bytes, tiers of endpoints, and what sidecars say
 * about the traffic that they count. Entry point `smi-mesh/adapter/data-plane`.
 */

export { loadDescriptor } from '../lib/descriptors.ts';
export { type Locality, type LocalityPreference, tiersOf } from '../lib/locality.ts';
export { localAuthorities, outsideAuthorities } from '../lib/outside-host.ts';
export { encodeListing, encodeProtoJson } from '../lib/proto-json.ts';
export {
  type AccessRule,
  type ConnectionWay,
  deniedBackendPrefix,
  type InboundAccess,
  type TrafficContext,
  telemetryCluster,
  telemetryMetadata,
  trafficTags,
  writeCaller,
  writeContext,
} from '../lib/traffic-context.ts';
export type { Credential } from './contract.ts';
