import type { Endpoint } from '../../../generated/types/proxy/smi/proxy/v1/Endpoint.ts';
import type { Endpoints } from '../../../generated/types/proxy/smi/proxy/v1/Endpoints.ts';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { ownerOf } from '../../../src/model/owners.ts';
import { findPort, portKey } from '../../../src/model/ports.ts';
import type { MeshModel, ServicePort, Workload, WorkloadPort } from '../../../src/model/types.ts';
import { parsePortName, typeUrls } from '../names.ts';
import { emitClusterPolicy } from './cluster-policy.ts';

/** The workloads behind a service port. One without a known address cannot be called and is left out. */
export function emitEndpoints(model: MeshModel, name: string): readonly Artifact[] {
  const { service: id, port, transport } = parsePortName(name);
  const service = model.services[id];
  const servicePort = findPort(service?.ports ?? [], port, transport);
  if (service === undefined || servicePort === undefined) return [];
  const outside = service.externalName === undefined ? [] : [outsideEndpoint(service.externalName, servicePort)];
  const virtual =
    service.selectorless === true && transport === 'tcp'
      ? service.vips.slice(0, 1).map((vip) => outsideEndpoint(vip, servicePort))
      : [];
  const endpoints = servicePort.targets.flatMap((target): Endpoint[] => {
    const workload = model.workloads[target.workload];
    const [address, ...otherAddresses] = workload?.addresses ?? [];
    if (workload === undefined || address === undefined) return [];
    const reached = findPort(workload.ports, target.port, transport);
    return [
      {
        address,
        port: reached?.meshPort ?? target.port,
        workload: workload.id,
        owner: ownerOf(workload),
        identity: identityAt(workload, reached),
        ready: workload.ready,
        ...(otherAddresses.length === 0 ? {} : { otherAddresses }),
        ...(workload.locality === undefined ? {} : { locality: workload.locality }),
        ...(identityAt(workload, reached) === '' && reached?.http2 === true ? { http2: true } : {}),
      },
    ];
  });
  const policy = model.outbound[id]?.ports[portKey(port, transport)]?.endpoints;
  const body: Endpoints = {
    name,
    endpoints: [...outside, ...virtual, ...endpoints],
    ...(policy === undefined ? {} : { policy: emitClusterPolicy(policy.fields) }),
  };
  return [{ name, format: typeUrls.endpoints, body, origins: [...service.origins, ...(policy?.origins ?? [])] }];
}

/** Empty where callers come in plain text: without a sidecar, and where its port takes no other callers. */
function identityAt({ transport, identity }: Workload, port: WorkloadPort | undefined): string {
  return transport === 'plain' || port?.tls === 'off' ? '' : identity;
}

/** A host that the proxy looks up itself, or an address behind which others choose. */
function outsideEndpoint(host: string, { port, http2 }: ServicePort): Endpoint {
  return { address: host, port, workload: '', identity: '', ready: true, ...(http2 === true ? { http2 } : {}) };
}
