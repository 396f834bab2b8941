import type { Simulated, Surroundings } from '../../../src/adapter/contract.ts';
import { normalizePath } from '../../../src/lib/http-path.ts';
import { outsideHostReader } from '../../../src/lib/outside-host.ts';
import type { HttpRequest, TrafficRequest } from '../../../src/model/decision.ts';
import { answersTo, candidates, headlessAt, parseAuthority, type ServiceAtPort } from '../../../src/model/hosts.ts';
import { headerValue } from '../../../src/model/match.ts';
import type { Workload } from '../../../src/model/types.ts';
import type { SeenRequest } from './matches.ts';

/** The Service that a request is for, and what routes see of it where it is HTTP. */
export interface Meant {
  readonly client: Workload;
  readonly at: ServiceAtPort;
  readonly http?: SeenRequest;
}

/**
 * GEP-1294 has the mesh tell Services by their cluster IP, or by their name in the authority. What it leaves to implementations is
 * taken as in this mesh: other hosts are passed on, paths have one normal form, and a port that speaks HTTP takes nothing else.
 */
export function meantBy(surroundings: Surroundings, request: TrafficRequest): Meant | Simulated {
  const client = surroundings.workloads[request.from];
  if (client === undefined || client.transport === 'plain') return { outcome: 'outside' };
  const { host, port } = request.to;
  const transport = request.kind === 'udp' ? 'udp' : 'tcp';
  const reachable = candidates(surroundings, client, port, transport);
  const named = parseAuthority(host);
  const connected =
    named &&
    (reachable.find((candidate) => answersTo(candidate, client, named)) ??
      headlessAt(surroundings, client, named.name, port, transport));
  if (request.kind === 'http' && connected?.port.protocol !== 'tcp') {
    return httpMeant(client, client.outbound === 'intercepted' ? reachable : [], connected, request);
  }
  if (connected === undefined) {
    return request.kind === 'tcp' && client.outbound === 'intercepted' ? { outcome: 'outside' } : rejected(0);
  }
  if (request.kind === 'tcp' && connected.port.protocol === 'http') return rejected(400);
  return { client, at: connected };
}

function httpMeant(
  client: Workload,
  reachable: readonly ServiceAtPort[],
  connected: ServiceAtPort | undefined,
  request: HttpRequest,
): Meant | Simulated {
  const normal = normalizePath(request.path);
  if (!normal.ok) return rejected(400);
  const sent = request.headers.host;
  if (typeof sent === 'object' && sent.length !== 1) return rejected(400);
  const authority = headerValue(request.headers, 'host') ?? request.to.host;
  const parsed = parseAuthority(authority);
  const listening = connected === undefined ? reachable.filter(leadsElsewhere) : [connected, ...reachable];
  const byAddress = connected !== undefined && (connected.service.vips.length > 0 || connected.pod !== undefined);
  const at =
    client.outbound === 'intercepted' && byAddress
      ? connected
      : parsed && listening.find((each) => each.port.protocol === 'http' && answersTo(each, client, parsed));
  if (at === undefined) {
    const passed = connected === undefined || outsideHostReader(request.to.port)(authority.toLowerCase()) !== undefined;
    return passed && client.outbound === 'intercepted' ? { outcome: 'outside' } : rejected(404);
  }
  const headers = new Map(
    Object.keys(request.headers).flatMap((name) => {
      const value = headerValue(request.headers, name);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const { path, query } = normal.value;
  return { client, at, http: { method: request.method, path, query, headers: headers.set('host', authority) } };
}

/** Whether a name of a Service can lead to an address that is not the mesh's. */
function leadsElsewhere({ service: { externalName, namespace, name, hosts } }: ServiceAtPort): boolean {
  const own = `${name}.${namespace}`.toLowerCase();
  return externalName !== undefined || hosts.some((host) => host !== own && !host.startsWith(`${own}.`));
}

export function rejected(status: number): Simulated {
  return { outcome: 'rejected', status };
}
