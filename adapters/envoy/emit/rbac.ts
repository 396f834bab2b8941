import type { Origin } from '../../../src/diagnostics/origin.ts';
import type { Grant, GrantTarget, InboundPolicy, Principal, SpiffeId } from '../../../src/model/types.ts';
import { toldApart } from '../names.ts';
import { permission } from './match.ts';
import { any, cidr, type Message } from './message.ts';

interface PortGrant {
  readonly grant: Grant;
  readonly targets: readonly GrantTarget[];
}

/** What users wrote about one container port: who may connect, and what is asked of them. */
export function originsAt(policy: InboundPolicy | undefined, port: number): readonly Origin[] {
  const grants = grantsAt(policy, port, ({ transport }) => transport === 'tcp').map(({ grant }) => grant);
  return [...grants.flatMap(({ origins }) => origins), ...policyOriginsAt(policy, port)];
}

/** Of that, what is asked of callers. */
export function policyOriginsAt(policy: InboundPolicy | undefined, port: number): readonly Origin[] {
  return (policy?.policies ?? []).filter(({ ports }) => ports.includes(port)).flatMap(({ origins }) => origins);
}

const httpFilterName = 'envoy.filters.http.rbac';

/**
 * The HTTP filter that enforces what a route configuration says of access; without its word it refuses everything. The rules are not
 * the filter's own: routes that change count for the next request of every connection, while a connection keeps its filters until
 * it is drained, which takes minutes.
 */
export const httpAccess: Message = {
  name: httpFilterName,
  typedConfig: any('envoy.extensions.filters.http.rbac.v3.RBAC', { rules: { action: 'ALLOW', policies: {} } }),
};

/** What a virtual host tells that filter of requests to one container port. */
export function accessOfRequests(policy: InboundPolicy | undefined, port: number): Message {
  return toldByRoutes(
    policy,
    grantsAt(policy, port, ({ transport }) => transport === 'tcp'),
  );
}

/** The same of flows of datagrams. */
export function accessOfFlows(policy: InboundPolicy | undefined, port: number): Message {
  const grants = grantsAt(policy, port, ({ transport }) => transport === 'udp');
  return toldByRoutes(
    policy,
    grants.map(({ grant, targets }) => ({ grant, targets: targets.map((target) => ({ ...target, http: 'any' })) })),
  );
}

/** Without rules the filter is off. */
function toldByRoutes(policy: InboundPolicy | undefined, grants: readonly PortGrant[]): Message {
  const rbac = accessRules(policy, grants);
  const config = any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', rbac === undefined ? {} : { rbac });
  return { typedPerFilterConfig: { [httpFilterName]: config } };
}

/** The network filters that enforce a policy at one container port that is not HTTP: matches of requests grant nothing there. */
export function tcpAccess(policy: InboundPolicy | undefined, port: number): readonly Message[] {
  const rules = accessRules(policy, tcpGrantsAt(policy, port));
  if (rules === undefined) return [];
  const typedConfig = any('envoy.extensions.filters.network.rbac.v3.RBAC', { statPrefix: 'access', ...rules });
  return [{ name: 'envoy.filters.network.rbac', typedConfig }];
}

/** Who may connect to a TCP port. */
export interface TcpClients {
  /** From any address. */
  readonly everywhere: readonly SpiffeId[];
  /** Addresses from which others may connect too, with all who may connect from there. */
  readonly places: readonly { readonly addresses: readonly string[]; readonly clients: readonly SpiffeId[] }[];
}

/**
 * Who may connect to a TCP port at all; `undefined` means every member of the mesh. The TLS handshake asks this, because
 * the network filter waits for the client's first byte while a server may speak first.
 */
export function tcpClients(policy: InboundPolicy | undefined, port: number): TcpClients | undefined {
  if (policy !== undefined && policy.mode !== 'deny') return undefined;
  const principals = tcpGrantsAt(policy, port).flatMap(({ grant }) => grant.from);
  const everywhere = principals.flatMap(({ kind, spiffe }) => (kind === 'identity' ? [spiffe] : []));
  const pods = principals.filter((principal) => principal.kind === 'pods');
  const addresses = [...new Set(pods.flatMap((principal) => principal.addresses))].sort();
  const alike = Map.groupBy(addresses, (address) =>
    sorted([...everywhere, ...pods.filter((principal) => principal.addresses.includes(address)).map(spiffeOf)]).join(
      ' ',
    ),
  );
  const places = [...alike].map(([clients, found]) => ({
    addresses: found,
    clients: clients.split(' ') as SpiffeId[],
  }));
  return { everywhere: sorted(everywhere), places };
}

const spiffeOf = ({ spiffe }: Principal): SpiffeId => spiffe;

function sorted(ids: readonly SpiffeId[]): readonly SpiffeId[] {
  return [...new Set(ids)].sort();
}

function tcpGrantsAt(policy: InboundPolicy | undefined, port: number): readonly PortGrant[] {
  return grantsAt(policy, port, ({ transport, http }) => transport === 'tcp' && http === 'any');
}

/** Those that are about a container port, each with the targets that are. */
export function grantsAt(
  policy: InboundPolicy | undefined,
  port: number,
  counts: (target: GrantTarget) => boolean,
): readonly PortGrant[] {
  return (policy?.grants ?? []).flatMap((grant) => {
    const targets = grant.to.filter(
      (target) => (target.ports === 'any' || target.ports.includes(port)) && counts(target),
    );
    return targets.length === 0 ? [] : [{ grant, targets }];
  });
}

/** No policies under `ALLOW` refuse everything; `undefined` means that nobody asks. */
function accessRules(policy: InboundPolicy | undefined, grants: readonly PortGrant[]): Message | undefined {
  const rules = { action: 'ALLOW', policies: policies(grants) };
  switch (policy?.mode) {
    case 'allow':
      return undefined;
    case 'audit':
      return { shadowRules: rules };
    default:
      return { rules };
  }
}

/** By the grant's name; grants of one name are told apart by a number. */
function policies(grants: readonly PortGrant[]): Message {
  const names = toldApart(grants.map(({ grant }) => grant.rule));
  return Object.fromEntries(
    grants.map(({ grant, targets }, index) => [names[index] ?? '', accessPolicy(grant, targets)]),
  );
}

function accessPolicy(grant: Grant, targets: readonly GrantTarget[]): Message {
  return {
    permissions: targets.map(({ http }) => permission(http)),
    principals: grant.from.map(emitPrincipal),
  };
}

function emitPrincipal(principal: Principal): Message {
  const identity = { authenticated: { principalName: { exact: principal.spiffe } } };
  if (principal.kind === 'identity') return identity;
  const places = principal.addresses.map((address) => ({ directRemoteIp: cidr(address) }));
  // An empty list of alternatives is not allowed; nobody is meant.
  const somewhere = places.length === 0 ? { notId: { any: true } } : { orIds: { ids: places } };
  return { andIds: { ids: [identity, somewhere] } };
}
