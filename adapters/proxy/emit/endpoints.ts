import type { Endpoint } from '../../../generated/types/proxy/smi/proxy/v1/Endpoint.ts';
import type { Endpoints } from '../../../generated/types/proxy/smi/proxy/v1/Endpoints.ts';
import type { Artifact } from '../../../src/adapter/contract.ts';
import { findPort } from '../../../src/model/ports.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { parsePortName, typeUrls } from '../names.ts';

/** The workloads behind a service port. One without a known address cannot be called and is left out. */
export function emitEndpoints(model: MeshModel, name: string): readonly Artifact[] {
  const { service: id, port, transport } = parsePortName(name);
  const service = model.services[id];
  const servicePort = findPort(service?.ports ?? [], port, transport);
  if (service === undefined || servicePort === undefined) return [];
  const endpoints = servicePort.targets.flatMap((target): Endpoint[] => {
    const workload = model.workloads[target.workload];
    const address = workload?.addresses[0];
    if (workload === undefined || address === undefined) return [];
    const meshPort = findPort(workload.ports, target.port, transport)?.meshPort ?? target.port;
    return [
      {
        address,
        port: meshPort,
        workload: workload.id,
        identity: workload.transport === 'mtls' ? workload.identity : '',
        ready: workload.ready,
      },
    ];
  });
  const body: Endpoints = { name, endpoints };
  return [{ name, format: typeUrls.endpoints, body, origins: service.origins }];
}
