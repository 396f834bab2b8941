import type { MethodDefinition } from '@grpc/grpc-js';

const asIs = (bytes: Buffer) => bytes;

/** A method whose messages are bytes on both sides. */
function bytesMethod(path: string, streams: boolean): MethodDefinition<Buffer, Buffer> {
  return {
    path,
    requestStream: streams,
    responseStream: streams,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

const clientStatus = '/envoy.service.status.v3.ClientStatusDiscoveryService';
const discovery = '/envoy.service.discovery.v3.AggregatedDiscoveryService';

/** `envoy.service.discovery.v3.AggregatedDiscoveryService`. */
export const discoveryService = {
  StreamAggregatedResources: bytesMethod(`${discovery}/StreamAggregatedResources`, true),
  DeltaAggregatedResources: bytesMethod(`${discovery}/DeltaAggregatedResources`, true),
};

/** `envoy.service.status.v3.ClientStatusDiscoveryService`. */
export const clientStatusService = {
  StreamClientStatus: bytesMethod(`${clientStatus}/StreamClientStatus`, true),
  FetchClientStatus: bytesMethod(`${clientStatus}/FetchClientStatus`, false),
};
