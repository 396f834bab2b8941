import { type Field, portNumbers } from './field.ts';
import { checkName } from './meta.ts';
import { protocols } from './service.ts';
import type { ContainerObject, ContainerPortObject, PodSpecObject, ProbeObject } from './types.ts';

/** Seconds and counts in probes are 32-bit in Kubernetes. */
const int32Maximum = 0x7fff_ffff;

export function decodePodSpec(field: Field): PodSpecObject {
  if (!field.present) field.missing();
  // `serviceAccount` is the deprecated alias.
  const named = field.at(field.at('serviceAccountName').text() ? 'serviceAccountName' : 'serviceAccount');
  const account = named.text() || 'default';
  // It becomes part of an identity: nothing that could read as a path.
  checkName(named, account, 'subdomain');
  return { serviceAccountName: account, containers: field.at('containers').items().map(decodeContainer) };
}

function decodeContainer(field: Field): ContainerObject {
  const image = field.at('image').text();
  const workingDir = field.at('workingDir').text();
  const name = field.at('name');
  if (!name.present) name.missing();
  return {
    name: name.text() ?? '',
    ...(image === undefined ? {} : { image }),
    command: field.at('command').texts(),
    args: field.at('args').texts(),
    ...(workingDir === undefined ? {} : { workingDir }),
    env: field.at('env').items().flatMap(decodeVariable),
    ports: field.at('ports').items().flatMap(decodeContainerPort),
    ...(field.at('readinessProbe').present ? { readinessProbe: decodeProbe(field.at('readinessProbe')) } : {}),
  };
}

/** A variable without a value here takes it from elsewhere (`valueFrom`), which we do not read. */
function decodeVariable(field: Field): ContainerObject['env'] {
  const name = field.at('name').text();
  const value = field.at('value').text();
  if (name === undefined) {
    if (!field.at('name').present) field.at('name').missing();
    return [];
  }
  return [{ name, ...(value === undefined ? {} : { value }) }];
}

function decodeContainerPort(field: Field): readonly ContainerPortObject[] {
  if (!field.at('containerPort').present) {
    field.at('containerPort').missing();
    return [];
  }
  const containerPort = field.at('containerPort').integer(...portNumbers);
  const protocol = field.at('protocol').oneOf(protocols) ?? 'TCP';
  const name = field.at('name').text();
  if (containerPort === undefined) return [];
  return [{ ...(name === undefined || name === '' ? {} : { name }), containerPort, protocol }];
}

function decodeProbe(field: Field): ProbeObject {
  const seconds = (name: string, minimum: number, otherwise: number): number =>
    field.at(name).integer(minimum, int32Maximum) ?? otherwise;
  return {
    ...decodeProbeHandler(field),
    // The defaults of Kubernetes.
    initialDelaySeconds: seconds('initialDelaySeconds', 0, 0),
    periodSeconds: seconds('periodSeconds', 1, 10),
    timeoutSeconds: seconds('timeoutSeconds', 1, 1),
    failureThreshold: seconds('failureThreshold', 1, 3),
    successThreshold: seconds('successThreshold', 1, 1),
  };
}

function decodeProbeHandler(field: Field): Pick<ProbeObject, 'httpGet' | 'tcpSocket' | 'exec'> {
  const http = field.at('httpGet');
  if (http.present) {
    const port = requiredPort(http);
    if (port === undefined) return {};
    const headers = http
      .at('httpHeaders')
      .items()
      .map((header) => ({ name: header.at('name').text() ?? '', value: header.at('value').text() ?? '' }));
    return { httpGet: { path: http.at('path').text() || '/', port, headers } };
  }
  const tcp = field.at('tcpSocket');
  if (tcp.present) {
    const port = requiredPort(tcp);
    return port === undefined ? {} : { tcpSocket: { port } };
  }
  const exec = field.at('exec');
  return exec.present ? { exec: { command: exec.at('command').texts() } } : {};
}

function requiredPort(field: Field): number | string | undefined {
  const port = field.at('port');
  if (!port.present) port.missing();
  return port.portOrName();
}
