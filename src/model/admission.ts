import { isPrincipal } from './access.ts';
import { findPort, transportOf } from './ports.ts';
import type { GrantTarget, HttpMatch, MeshModel, ServicePort, Workload, WorkloadPort } from './types.ts';

/**
 * What of a client's requests to a service port some ready workload behind it may let in: everything, or what one of the
 * matches covers. What none covers is sure to be denied, so that a client's sidecar can say so itself. A port without
 * ready workloads denies nothing: its requests fail otherwise.
 */
export function admitted(model: MeshModel, client: Workload, port: ServicePort): 'any' | readonly HttpMatch[] {
  const found = new Set<HttpMatch>();
  let ready = false;
  for (const target of port.targets) {
    const server = model.workloads[target.workload];
    if (!server?.ready) continue;
    ready = true;
    const served = findPort(server.ports, target.port, transportOf(port.protocol));
    const matches = admittedBy(model, client, server, served);
    if (matches === 'any') return 'any';
    for (const match of matches) found.add(match);
  }
  return ready ? [...found] : 'any';
}

function admittedBy(
  model: MeshModel,
  client: Workload,
  server: Workload,
  port: WorkloadPort | undefined,
): 'any' | readonly HttpMatch[] {
  const policy = model.inbound[server.set];
  // Without a certificate of the client there is nothing to foresee.
  if (server.transport === 'plain' || port?.tls === 'off') return 'any';
  if (policy === undefined || port === undefined) return [];
  if (policy.mode !== 'deny') return 'any';
  const sender = { peer: client.identity, from: client.id };
  const targets = policy.grants
    .filter(({ from }) => from.some((principal) => isPrincipal(principal, sender)))
    .flatMap(({ to }) => to.filter((target) => reaches(target, port)));
  if (targets.some(({ http }) => http === 'any')) return 'any';
  // Where HTTP is not read, its matches grant nothing.
  return port.protocol === 'http' ? targets.flatMap(({ http }) => (http === 'any' ? [] : [http])) : [];
}

function reaches({ transport, ports }: GrantTarget, { port, protocol }: WorkloadPort): boolean {
  return transport === transportOf(protocol) && (ports === 'any' || ports.includes(port));
}
