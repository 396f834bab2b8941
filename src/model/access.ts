import type { Origin } from '../diagnostics/origin.ts';
import { normalizePath } from '../lib/http-path.ts';
import { trustDomainOf } from '../lib/spiffe.ts';
import type { AccessVerdict, InboundRequest } from './decision.ts';
import { guardsOf, lacksToken, withClaims } from './guards.ts';
import { headerValue, type MatchedRequest, mismatches } from './match.ts';
import { findPort } from './ports.ts';
import type { Grant, GrantTarget, InboundPolicy, MeshModel, Principal, SpiffeId, WorkloadPort } from './types.ts';

type Missing = NonNullable<AccessVerdict['nearest']>['missing'];

interface Arrival {
  readonly sender: Pick<InboundRequest, 'peer' | 'from'>;
  readonly transport: GrantTarget['transport'];
  readonly port: Pick<WorkloadPort, 'port'>;
  /** Absent where the sidecar does not read HTTP. */
  readonly http?: MatchedRequest;
}

/** The reference semantics of a request that arrives at a server's sidecar. */
export function decideInbound(model: MeshModel, request: InboundRequest): AccessVerdict {
  const workload = model.workloads[request.workload];
  const policy = workload && model.inbound[workload.set];
  if (workload === undefined || policy === undefined) return { verdict: 'deny', grants: [] };
  // Without a sidecar nobody asks the policy, and grants say nothing of callers who prove no identity.
  const plain: AccessVerdict = { verdict: 'allow', grants: [], unmatched: true };
  if (request.kind === 'udp') {
    return workload.transport === 'plain'
      ? plain
      : evaluate(policy, { sender: request, transport: 'udp', port: request });
  }
  const port = findPort(workload.ports, request.port);
  if (port === undefined) return { verdict: 'deny', grants: [] };
  if (workload.transport === 'plain') return plain;
  // Who comes in plain text to a strict port, or whose authority nobody knows, cannot connect at all.
  const connects =
    request.plain === true ? port.tls !== undefined : port.tls === 'off' || canProve(model, request.peer);
  if (!connects) return { verdict: 'deny', grants: [] };
  const arrival: Arrival = { sender: request, transport: 'tcp', port };
  const admit = port.tls === 'off' || request.plain === true ? () => plain : evaluate;
  if (port.protocol !== 'http') return admit(policy, arrival);
  if (request.kind !== 'http') return { verdict: 'reject', status: 400, grants: [] };
  const normal = normalizePath(request.path);
  if (!normal.ok) return { verdict: 'reject', status: 400, grants: [] };
  const authority = headerValue(request.headers, 'host') ?? '';
  const http = { method: request.method, path: normal.value.path, authority, headers: request.headers };
  const guards = guardsOf(policy, port.port, http);
  if (guards.length === 0) return admit(policy, { ...arrival, http });
  const closed = guards.some(({ authentication: asked }) => asked?.required === true && lacksToken(asked, http));
  if (closed) return { verdict: 'reject', status: 401, grants: [], guards };
  return { ...admit(policy, { ...arrival, http: withClaims(guards, http) }), guards };
}

/** Whether the roots of an identity's trust domain are known here. */
function canProve({ trustDomain, settings }: MeshModel, peer: SpiffeId): boolean {
  const domain = trustDomainOf(peer) ?? '';
  return domain === trustDomain || settings.trustDomains?.[domain] !== undefined;
}

function evaluate(policy: InboundPolicy, arrival: Arrival): AccessVerdict {
  const attempts = policy.grants.flatMap((grant) => grant.to.map((target) => attempt(grant, target, arrival)));
  const covering = attempts.filter(({ missing }) => missing.length === 0);
  if (covering.length > 0) {
    const rules = Map.groupBy(covering, ({ grant }) => grant.rule);
    const grants = [...rules].map(([rule, found]) => ({ rule, origins: unique(found.flatMap(coveringOrigins)) }));
    return { verdict: 'allow', grants };
  }
  if (policy.mode !== 'deny') return { verdict: 'allow', grants: [], unmatched: true };
  const nearest = nearestOf(attempts);
  return nearest === undefined ? { verdict: 'deny', grants: [] } : { verdict: 'deny', grants: [], nearest };
}

interface Attempt {
  readonly grant: Grant;
  readonly target: GrantTarget;
  /** In the order source, port, method, path, header; empty when the target covers the request. */
  readonly missing: readonly Missing[];
  /** Of the principal that the peer is. */
  readonly source: readonly Origin[];
}

function attempt(grant: Grant, target: GrantTarget, { sender, transport, port, http }: Arrival): Attempt {
  const missing: Missing[] = [];
  const principal = grant.from.find((candidate) => isPrincipal(candidate, sender));
  if (principal === undefined) missing.push('source');
  const portFits = target.ports === 'any' || target.ports.includes(port.port);
  // An HTTP match grants nothing where HTTP is not read.
  if (target.transport !== transport || !portFits || (target.http !== 'any' && http === undefined))
    missing.push('port');
  if (http !== undefined) missing.push(...mismatches(target.http, http));
  return { grant, target, missing, source: principal?.origins ?? [] };
}

/** Whether a sender is one of those whom a principal stands for. */
export function isPrincipal(principal: Principal, { peer, from }: Pick<InboundRequest, 'peer' | 'from'>): boolean {
  if (principal.spiffe !== peer) return false;
  if (principal.kind === 'identity') return true;
  if (from === undefined) return false;
  return typeof from === 'object' ? principal.addresses.includes(from.address) : principal.workloads.includes(from);
}

/** Every field that takes part in covering a request. */
function coveringOrigins({ grant, target, source }: Attempt): readonly Origin[] {
  return [...grant.origins, ...source, ...targetOrigins(target)];
}

/** The fields that would have to say something else. */
function missingOrigins({ grant, target }: Attempt, missing: Missing): readonly Origin[] {
  return missing === 'source' ? grant.from.flatMap(({ origins }) => origins) : targetOrigins(target);
}

function targetOrigins({ origins, http }: GrantTarget): readonly Origin[] {
  return http === 'any' ? origins : [...origins, ...http.origins];
}

/** The attempt that fails in the fewest parts; of equals one whose source fits, then the first. */
function nearestOf(attempts: readonly Attempt[]): AccessVerdict['nearest'] {
  const distance = ({ missing }: Attempt) => missing.length * 2 + (missing.includes('source') ? 1 : 0);
  let best: Attempt | undefined;
  for (const one of attempts) if (best === undefined || distance(one) < distance(best)) best = one;
  const missing = best?.missing[0];
  if (best === undefined || missing === undefined) return undefined;
  return { rule: best.grant.rule, missing, origins: unique(missingOrigins(best, missing)) };
}

function unique(origins: readonly Origin[]): readonly Origin[] {
  return [...new Map(origins.map((origin) => [`${origin.object} ${origin.path}`, origin])).values()];
}
