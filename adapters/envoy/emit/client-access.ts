import { shared } from '../../../src/adapter/tracking.ts';
import { deniedBackendPrefix } from '../../../src/lib/traffic-context.ts';
import { admitted, isShutOut } from '../../../src/model/admission.ts';
import type { HttpMatch, MeshModel } from '../../../src/model/types.ts';
import { findServicePort, parseClusterName } from '../names.ts';
import type { Caller } from './caller.ts';
import { permission } from './match.ts';
import { any, type Message } from './message.ts';

const filterName = 'envoy.filters.http.rbac';

/**
 * What a client's own sidecar refuses because no server would let it in: where no request at all would be let in it has no
 * endpoints either; with `clientAccess: refuse`, every request of which that is sure.
 */
export interface ClientRefusals {
  /** The filters that routes then configure. */
  readonly filters: readonly Message[];
  /** What they are told for requests to a cluster, by filter. */
  readonly ofRequests: (cluster: string, note: Note) => Message;
  /** Whether connections to a cluster are refused. */
  readonly ofBytes: (cluster: string) => boolean;
}

/** Of which requests the backend is noted, which Envoy does not say of those that it answers before it has chosen an endpoint. */
export type Note = 'none' | 'refused' | 'always';

const none: ClientRefusals = { filters: [], ofRequests: () => ({}), ofBytes: () => false };

export function clientRefusals(model: MeshModel, client: Caller): ClientRefusals {
  const { accessMode, clientAccess } = model.settings;
  if (accessMode !== 'deny' && clientAccess !== 'refuse') return none;
  const matchesOf = (cluster: string) =>
    shared(model, `admitted ${client.key} ${cluster}`, (whole) => ({
      matches: admittedMatches(whole, client, cluster),
    })).matches;
  return {
    // Without rules of its own it lets everything pass that a route says nothing about.
    filters: [{ name: filterName, typedConfig: any('envoy.extensions.filters.http.rbac.v3.RBAC', {}) }],
    ofRequests: (cluster, note) => {
      const matches = matchesOf(cluster);
      const named = note === 'always' || (note === 'refused' && matches !== 'any') ? naming(cluster) : {};
      const rbac = matches === 'any' ? named : { rules: admitting(matches), ...named };
      return Object.keys(rbac).length === 0 ? {} : { [filterName]: perRoute(rbac) };
    },
    ofBytes: (cluster) => matchesOf(cluster) !== 'any',
  };
}

function admittedMatches(model: MeshModel, client: Caller, cluster: string): 'any' | readonly HttpMatch[] {
  const { service, port } = parseClusterName(cluster);
  const ref = findServicePort(model, service, port);
  if (ref === undefined) return 'any';
  if (isShutOut(model, client, ref.port)) return [];
  return model.settings.clientAccess === 'refuse' ? admitted(model, client, ref.port) : 'any';
}

/** Whether there are endpoints behind a cluster that may let the client in. */
export function mayReach(model: MeshModel, client: Caller, cluster: string): boolean {
  return shared(model, `may reach ${client.key} ${cluster}`, (whole) => {
    const { service, port } = parseClusterName(cluster);
    const ref = findServicePort(whole, service, port);
    return { yes: ref !== undefined && !isShutOut(whole, client, ref.port) };
  }).yes;
}

/** Whom the rules are about is the client itself. Without policies they refuse everything. */
function admitting(matches: readonly HttpMatch[]): Message {
  const policy = { permissions: matches.map(permission), principals: [{ any: true }] };
  return { action: 'ALLOW', policies: matches.length === 0 ? {} : { admitted: policy } };
}

function perRoute(rbac: Message): Message {
  return any('envoy.extensions.filters.http.rbac.v3.RBACPerRoute', { rbac });
}

/** Refuses nothing: notes the backend that the request was for. */
function naming(cluster: string): Message {
  const { service } = parseClusterName(cluster);
  const policies = { [service]: { permissions: [{ any: true }], principals: [{ any: true }] } };
  return { shadowRules: { action: 'ALLOW', policies }, shadowRulesStatPrefix: deniedBackendPrefix };
}
