import type { LocalOutbound } from '../../kubernetes/local-addressing.ts';
import { podAnnotations } from '../../kubernetes/names.ts';
import type { ContainerObject, ServiceObject } from '../../kubernetes/types.ts';

export interface EnvironmentInput {
  readonly namespace: string;
  readonly pod: string;
  readonly address: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly container: ContainerObject;
  /** Where the container's first port is served locally; absent for a container without ports. */
  readonly appPort?: number;
  readonly outbound: readonly LocalOutbound[];
  /** Path of the bootstrap of gRPC clients. */
  readonly grpcBootstrap?: string;
  readonly services: readonly ServiceObject[];
}

/**
 * What a container's program finds in its environment: the variables by which Kubernetes announces Services
 * (`<SERVICE>_SERVICE_HOST`, `<SERVICE>_SERVICE_PORT`, `<SERVICE>_SERVICE_PORT_<NAME>`; for Services of another namespace
 * `<SERVICE>_<NAMESPACE>_SERVICE_HOST` and so on) pointing at the pod's own sidecar, then `HOST`, `PORT`, `POD_NAME`,
 * `POD_NAMESPACE` and `POD_IP`, `GRPC_XDS_BOOTSTRAP` where the pod asks for it, then what the container itself sets, which wins.
 */
export function buildEnvironment(input: EnvironmentInput): Readonly<Record<string, string>> {
  const variables: Record<string, string> = {};
  for (const service of input.services) Object.assign(variables, serviceVariables(service, input));
  variables.HOST = input.address;
  variables.POD_IP = input.address;
  variables.POD_NAME = input.pod;
  variables.POD_NAMESPACE = input.namespace;
  if (input.appPort !== undefined) {
    variables[input.annotations[podAnnotations.portVariable] ?? 'PORT'] = String(input.appPort);
  }
  if (input.grpcBootstrap !== undefined) variables.GRPC_XDS_BOOTSTRAP = input.grpcBootstrap;
  for (const { name, value } of input.container.env) if (value !== undefined) variables[name] = value;
  return variables;
}

function serviceVariables(service: ServiceObject, input: EnvironmentInput): Readonly<Record<string, string>> {
  const { namespace, name } = service.meta;
  const prefix = upper(namespace === input.namespace ? name : `${name}_${namespace}`);
  const variables: Record<string, string> = {};
  for (const { port, protocol, name: portName } of service.ports) {
    const binding = input.outbound.find(
      (entry) =>
        entry.service === `${namespace}/${name}` &&
        entry.port === port &&
        (entry.udp === true) === (protocol === 'UDP'),
    );
    if (binding === undefined) continue;
    variables[`${prefix}_SERVICE_HOST`] = input.address;
    variables[`${prefix}_SERVICE_PORT`] ??= String(binding.listen);
    if (portName !== undefined) variables[`${prefix}_SERVICE_PORT_${upper(portName)}`] = String(binding.listen);
  }
  return variables;
}

function upper(name: string): string {
  return name.toUpperCase().replaceAll('-', '_').replaceAll('.', '_');
}
