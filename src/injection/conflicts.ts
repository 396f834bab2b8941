import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { sidecarContainers, sidecarPorts, sidecarUser } from '../kubernetes/names.ts';
import { formatFieldPath, type PathSegment } from '../lib/field-path.ts';
import { type Fields, isRecord } from '../lib/values.ts';
import type { Container, PodParts, PodPlace } from './pod-parts.ts';
import { sidecarVolumes } from './volumes.ts';

/** What of a pod a sidecar cannot live with: its names, its ports and its user in use by others. */
export function conflictsOf(pod: PodParts, place: PodPlace): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  const conflict = (path: readonly PathSegment[], message: string): void => {
    const origin = { object: place.object, path: formatFieldPath([...place.path, 'spec', ...path]) };
    found.push(diagnostic('SMI6202', { message: `${message}; the pod is refused`, origin }));
  };
  const names: readonly string[] = Object.values(sidecarContainers);
  const lists: readonly (readonly [string, readonly Container[]])[] = [
    ['containers', pod.containers],
    ['initContainers', pod.initContainers],
  ];
  for (const [list, containers] of lists) {
    for (const [index, container] of containers.entries()) {
      if (names.includes(container.name)) conflict([list, index, 'name'], `the name ${container.name} is the mesh's`);
      for (const [at, port] of portsOf(container).entries()) {
        if (!isSidecarPort(port)) continue;
        const path = [list, index, 'ports', at, 'containerPort'];
        conflict(path, `the TCP port ${String(port.containerPort)} is the sidecar's`);
      }
      checkUser(container.securityContext, [list, index], conflict);
    }
  }
  checkUser(pod.spec.securityContext, [], conflict);
  for (const [index, { name }] of pod.volumes.entries()) {
    if (sidecarVolumeNames.includes(String(name)))
      conflict(['volumes', index, 'name'], `the name ${name} is the mesh's`);
  }
  return found;
}

const sidecarVolumeNames: readonly string[] = Object.values(sidecarVolumes);

function portsOf({ ports }: Container): readonly Fields[] {
  return Array.isArray(ports) ? ports.filter(isRecord) : [];
}

function isSidecarPort({ containerPort, protocol }: Fields): boolean {
  return (protocol ?? 'TCP') === 'TCP' && Object.values<unknown>(sidecarPorts).includes(containerPort);
}

/** Connections of the sidecar's user are not redirected: a program must not be that. */
function checkUser(
  context: unknown,
  path: readonly PathSegment[],
  conflict: (path: readonly PathSegment[], message: string) => void,
): void {
  if (!isRecord(context)) return;
  for (const [field, what] of [
    ['runAsUser', 'user'],
    ['runAsGroup', 'group'],
  ] as const) {
    if (context[field] !== sidecarUser) continue;
    conflict([...path, 'securityContext', field], `the ${what} ${sidecarUser} is the sidecar's, and never intercepted`);
  }
}
