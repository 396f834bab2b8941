import { nonEmpty } from '../lib/collections.ts';
import { isPrincipal } from './access.ts';
import { findPort, transportOf } from './ports.ts';
import type {
  GrantTarget,
  HttpMatch,
  InboundPolicy,
  MeshModel,
  ServicePort,
  SpiffeId,
  Workload,
  WorkloadPort,
} from './types.ts';

/** What admission depends on of a client: who it is matters only where grants name workloads. */
export type AdmittedClient = Pick<Workload, 'identity'> & Partial<Pick<Workload, 'id'>>;

/**
 * What of a client's requests to a service port some ready workload behind it may let in: everything, or what one of the
 * matches covers. What none covers is sure to be denied, so that a client's sidecar can say so itself. A port without
 * ready workloads denies nothing: its requests fail otherwise.
 */
export function admitted(model: MeshModel, client: AdmittedClient, port: ServicePort): 'any' | readonly HttpMatch[] {
  const found = new Set<HttpMatch>();
  let ready = false;
  for (const { server, served } of readyServers(model, port)) {
    ready = true;
    const matches = admittedBy(model, client, server, served);
    if (matches === 'any') return 'any';
    for (const match of matches) found.add(match);
  }
  return ready ? [...found] : 'any';
}

/**
 * Whether a server's sidecar is sure to answer every request of a client to a service port with 403, and to close every
 * connection: the client's proxy then says so itself and needs no endpoints. Where servers would say something else (401
 * without a token, nothing where they read bytes, 503 without any that is ready), they are left to say it.
 */
export function isShutOut(model: MeshModel, client: AdmittedClient, port: ServicePort): boolean {
  if (model.settings.accessMode !== 'deny') return false;
  let ready = false;
  for (const { server, served } of readyServers(model, port)) {
    ready = true;
    if (!refusesAll(model, client, server, served, port)) return false;
  }
  return ready;
}

interface ReadyServer {
  readonly server: Workload;
  /** The port behind the service port; nothing where the workload has none. */
  readonly served: WorkloadPort | undefined;
}

/** The ready workloads behind a service port, one by one: what is not asked for is not read of the model. */
function* readyServers(model: MeshModel, port: ServicePort): Generator<ReadyServer, void> {
  for (const target of port.targets) {
    const server = model.workloads[target.workload];
    if (!server?.ready) continue;
    yield { server, served: findPort(server.ports, target.port, transportOf(port.protocol)) };
  }
}

function refusesAll(
  model: MeshModel,
  client: AdmittedClient,
  server: Workload,
  served: WorkloadPort | undefined,
  { protocol }: ServicePort,
): boolean {
  const policy = model.inbound[server.set];
  if (server.transport === 'plain' || served === undefined || served.tls === 'off') return false;
  if (policy?.mode !== 'deny' || served.protocol !== protocol) return false;
  if (asksForToken(policy, served.port)) return false;
  if (!granted(policy).has(client.identity)) return true;
  const matches = admittedBy(model, client, server, served);
  return matches !== 'any' && matches.length === 0;
}

const identities = new WeakMap<InboundPolicy, ReadonlySet<SpiffeId>>();

/** Whoever some grant names, for whatever port and request. */
function granted(policy: InboundPolicy): ReadonlySet<SpiffeId> {
  let found = identities.get(policy);
  if (found === undefined) {
    found = new Set(policy.grants.flatMap(({ from }) => from.map(({ spiffe }) => spiffe)));
    identities.set(policy, found);
  }
  return found;
}

function asksForToken({ policies }: InboundPolicy, port: number): boolean {
  return policies?.some(({ ports, fields }) => ports.includes(port) && fields.authentication !== undefined) === true;
}

function admittedBy(
  model: MeshModel,
  client: AdmittedClient,
  server: Workload,
  port: WorkloadPort | undefined,
): 'any' | readonly HttpMatch[] {
  const policy = model.inbound[server.set];
  // Without a certificate of the client there is nothing to foresee.
  if (server.transport === 'plain' || port?.tls === 'off') return 'any';
  if (policy === undefined || port === undefined) return [];
  if (policy.mode !== 'deny') return 'any';
  const sender = { peer: client.identity, ...(client.id === undefined ? {} : { from: client.id }) };
  const targets = policy.grants
    .filter(({ from }) => from.some((principal) => isPrincipal(principal, sender)))
    .flatMap(({ to }) => to.filter((target) => reaches(target, port)));
  if (targets.some(({ http }) => http === 'any')) return 'any';
  // Where HTTP is not read, its matches grant nothing.
  if (port.protocol !== 'http') return [];
  const claims = claimHeaders(policy, port.port);
  return targets.flatMap(({ http }) => (http === 'any' ? [] : [withoutHeaders(http, claims)]));
}

/** Headers that the server's sidecar fills with what a token claims: no client can foresee them. */
function claimHeaders({ policies }: InboundPolicy, port: number): ReadonlySet<string> {
  const asked = (policies ?? [])
    .filter(({ ports }) => ports.includes(port))
    .flatMap(({ fields }) => fields.authentication ?? []);
  return new Set(asked.flatMap(({ jwt }) => jwt.flatMap((provider) => Object.values(provider.claimHeaders))));
}

function withoutHeaders(match: HttpMatch, names: ReadonlySet<string>): HttpMatch {
  if (names.size === 0 || match.headers === 'any') return match;
  const headers = match.headers.filter(({ name }) => !names.has(name));
  return { ...match, headers: nonEmpty(headers) ?? 'any' };
}

function reaches({ transport, ports }: GrantTarget, { port, protocol }: WorkloadPort): boolean {
  return transport === transportOf(protocol) && (ports === 'any' || ports.includes(port));
}
