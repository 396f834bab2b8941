import type { Simulated, SimulatedTarget } from '../../adapter/contract.ts';
import type { Feature } from '../../adapter/features.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { decideInbound } from '../../model/decide.ts';
import type { Decision, DecisionTarget, TrafficRequest } from '../../model/decision.ts';
import { parseAuthority } from '../../model/hosts.ts';
import { findPort } from '../../model/ports.ts';
import type { MeshModel } from '../../model/types.ts';
import type { Stated } from './stated.ts';

/**
 * `agrees`; `narrower` or `otherwise` as the translation states; or what nobody has stated, as one sentence.
 */
export type Comparison = 'agrees' | 'narrower' | 'otherwise' | { readonly difference: string };

/** Holds what documents do with a request to what the mesh means by it. */
export function compare(
  model: MeshModel,
  request: TrafficRequest,
  meant: Decision,
  done: Simulated,
  stated: Stated,
): Comparison {
  const isElsewhere =
    request.kind === 'udp'
      ? stated.inexact(['udp-routing'])
      : stated.inexact(ofHosts) && isMisnamed(model, request, meant);
  if (done.outcome !== meant.outcome) {
    const sentence = `the mesh has it ${meant.outcome}, the documents ${done.outcome}`;
    return otherwise(sentence, isElsewhere || stated.lost(ofOutcome, routingOrigins(meant)));
  }
  if (done.outcome === 'outside') return 'agrees';
  if (done.outcome === 'rejected') {
    if (done.status === meant.status) return 'agrees';
    const sentence = `the mesh answers ${meant.status}, the documents ${done.status}`;
    return otherwise(sentence, isElsewhere || stated.lost(ofOutcome, routingOrigins(meant)));
  }
  const shares = compareShares(meant, done.targets, isElsewhere, stated);
  if (shares !== 'agrees') return typeof shares === 'string' ? notWider(model, request, done.targets, stated) : shares;
  return compareVerdicts(request, meant, done.targets, stated);

  function otherwise(difference: string, isStated: boolean): Comparison {
    if (!isStated) return { difference };
    return done.outcome === 'routed' ? notWider(model, request, done.targets, stated) : 'otherwise';
  }
}

const ofMatches: readonly Feature[] = ['split-with-matches', 'match-path-regex', 'match-method', 'match-header-regex'];
const ofTargets: readonly Feature[] = [...ofMatches, 'failed-distribution', 'external-services'];
const ofOutcome: readonly Feature[] = [...ofTargets, 'weighted-split'];
/** Of hosts that the mesh does not know, and authorities that it does not understand, targets have their own opinions. */
const ofHosts: readonly Feature[] = ['http-routing', 'outbound-passthrough', 'outbound-registry-only'];

/** Whether the mesh knows no service by what a request says, or goes by its address where the authority names another one. */
function isMisnamed({ services, workloads }: MeshModel, request: TrafficRequest, { service }: Decision): boolean {
  if (service === undefined) return true;
  const authority = request.kind === 'http' ? request.headers.host : undefined;
  if (typeof authority !== 'string') return false;
  const [known, client] = [services[service], workloads[request.from]];
  const { name = '', port = request.to.port } = parseAuthority(authority) ?? {};
  const isOwn =
    known?.hosts.includes(name) ||
    known?.vips.includes(name) ||
    (known?.name === name && known.namespace === client?.namespace);
  return !isOwn || port !== request.to.port;
}

/** So much a share may differ where a loss says that shares do. */
const tolerated = 0.05;

function compareShares(
  meant: Decision,
  done: readonly SimulatedTarget[],
  isElsewhere: boolean,
  stated: Stated,
): Comparison {
  const [wanted, got] = [sharesOf(meant.targets), sharesOf(done)];
  const keys = [...new Set([...wanted.keys(), ...got.keys()])];
  const differing = keys.filter((key) => !sameShare(wanted.get(key) ?? nothing, got.get(key) ?? nothing));
  if (differing.length === 0) return 'agrees';
  const far = differing.some((key) => Math.abs(share(wanted.get(key)) - share(got.get(key))) > tolerated);
  if (isElsewhere || stated.lost(far ? ofTargets : ofOutcome, routingOrigins(meant))) return 'otherwise';
  return { difference: `the mesh sends it to ${shown(wanted)}, the documents to ${shown(got)}` };
}

interface Share {
  weight: bigint;
  readonly total: bigint;
}

const nothing: Share = { weight: 0n, total: 1n };

/** By service and port; what gets nothing is left out. */
function sharesOf(
  targets: readonly Pick<DecisionTarget, 'service' | 'port' | 'weight' | 'total'>[],
): Map<string, Share> {
  const shares = new Map<string, Share>();
  for (const { service, port, weight, total } of targets) {
    if (weight === 0) continue;
    const key = `${service}:${port}`;
    const known = shares.get(key);
    if (known === undefined) shares.set(key, { weight: BigInt(weight), total: BigInt(total) });
    else known.weight += BigInt(weight);
  }
  return shares;
}

function sameShare(one: Share, other: Share): boolean {
  return one.weight * other.total === other.weight * one.total;
}

function share({ weight, total }: Share = nothing): number {
  return Number(weight) / Number(total);
}

function shown(shares: ReadonlyMap<string, Share>): string {
  return [...shares].map(([key, { weight, total }]) => `${key} (${weight} of ${total})`).join(', ') || 'nobody';
}

/** How much a verdict lets in. */
const openness = { deny: 0, mixed: 1, allow: 2 } as const;

function compareVerdicts(
  { kind }: TrafficRequest,
  { targets }: Decision,
  done: readonly SimulatedTarget[],
  stated: Stated,
): Comparison {
  let narrower = false;
  for (const target of done) {
    const meant = targets.find(({ service, port }) => service === target.service && port === target.port);
    if (meant === undefined || target.weight === 0) continue;
    const [wanted, got] = [meant.verdict, target.verdict];
    if (wanted === got || (got === 'open' && wanted !== 'unavailable' && stated.isOpen(kind))) continue;
    const difference = `at ${target.service}:${target.port} the mesh says ${wanted}, the documents ${got}`;
    if (wanted === 'unavailable' || got === 'unavailable' || got === 'open') return { difference };
    if (openness[got] > openness[wanted]) return { difference };
    const origins = accessOrigins(meant);
    if (!stated.narrower(origins) && !(origins.length === 0 && stated.inexact(['access-audit', 'access-allow']))) {
      return { difference };
    }
    narrower = true;
  }
  return narrower ? 'narrower' : 'agrees';
}

/** Where requests go otherwise than meant, what lets them in must still be meant to. */
function notWider(
  model: MeshModel,
  request: TrafficRequest,
  targets: readonly SimulatedTarget[],
  stated: Stated,
): Comparison {
  const wide = targets.find(({ verdict, weight, service, port }) => {
    if (weight === 0 || verdict === 'deny' || verdict === 'unavailable') return false;
    if (verdict === 'open') return !stated.isOpen(request.kind);
    return !letsIn(model, request, { service, port });
  });
  if (wide === undefined) return 'otherwise';
  return {
    difference: `the documents let it in at ${wide.service}:${wide.port}, the mesh lets in nothing of it there`,
  };
}

/** Whether any pod behind a service port lets a request in. */
function letsIn(model: MeshModel, request: TrafficRequest, at: Pick<SimulatedTarget, 'service' | 'port'>): boolean {
  const client = model.workloads[request.from];
  const service = model.services[at.service];
  if (client === undefined || service === undefined) return false;
  if (service.externalName !== undefined) return true;
  const targets = findPort(service.ports, at.port, request.kind === 'udp' ? 'udp' : 'tcp')?.targets ?? [];
  return targets.some(({ workload, port }) => {
    const arriving = { peer: client.identity, from: client.id, workload, port };
    if (request.kind !== 'http') return decideInbound(model, { ...arriving, kind: request.kind }).verdict === 'allow';
    const { kind, method, path, headers } = request;
    const sent = { host: request.to.host, ...headers };
    return decideInbound(model, { ...arriving, kind, method, path, headers: sent }).verdict === 'allow';
  });
}

/** What decided where a request goes. */
export function routingOrigins({ rule, targets, policies = [] }: Decision): readonly Origin[] {
  const match = rule === undefined || rule.match === 'any' ? [] : rule.match.origins;
  return [
    ...(rule?.origins ?? []),
    ...match,
    ...targets.flatMap(({ origins }) => origins),
    ...policies.flatMap(({ origins }) => origins),
  ];
}

/** What decided whether a target lets a request in. */
export function accessOrigins({ sets }: DecisionTarget): readonly Origin[] {
  return sets.flatMap(({ access: { grants, nearest } }) => [
    ...grants.flatMap(({ origins }) => origins),
    ...(nearest?.origins ?? []),
  ]);
}
