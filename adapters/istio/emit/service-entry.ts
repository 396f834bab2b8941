import type { Artifact, Service } from '../../../src/adapter/index.ts';
import { furtherHosts } from './destinations.ts';
import { istioObject } from './object.ts';

/** Names of a service beyond the cluster's DNS: Istio has to have heard of a host before a VirtualService can be bound to it. */
export function serviceEntry(service: Service): readonly Artifact[] {
  const ports = service.ports
    .filter(({ protocol }) => protocol === 'http')
    .map(({ port, http2 }) => ({ number: port, name: `http-${port}`, protocol: http2 ? 'HTTP2' : 'HTTP' }));
  const hosts = furtherHosts(service);
  if (hosts.length === 0 || ports.length === 0) return [];
  const { namespace, name, origins } = service;
  const spec = { hosts, location: 'MESH_INTERNAL', resolution: 'NONE', ports };
  return [istioObject('ServiceEntry', { namespace, name }, spec, origins)];
}
