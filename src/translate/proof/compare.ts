import type { Simulated, SimulatedTarget } from '../../adapter/contract.ts';
import type { Origin } from '../../diagnostics/origin.ts';
import { normalizePath } from '../../lib/http-path.ts';
import { decideInbound } from '../../model/decide.ts';
import type { Decision, DecisionTarget, TrafficRequest } from '../../model/decision.ts';
import { parseAuthority } from '../../model/hosts.ts';
import { findPort, transportOf } from '../../model/ports.ts';
import { isElsewhere } from '../../model/targets.ts';
import type { MeshModel, Service, ServicePort } from '../../model/types.ts';
import type { Stated } from './stated.ts';
import { differencesOfTreatment } from './treatment.ts';

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
  const about = aboutOf(model, request, meant, stated);
  if (done.outcome !== meant.outcome) {
    if (done.outcome === 'rejected' && done.status === nobodyThere(request) && isUnavailable(model, request, meant)) {
      return 'agrees';
    }
    const sentence = `the mesh has it ${meant.outcome}, the documents ${done.outcome}`;
    return otherwise(sentence, (done.outcome === 'rejected' && about.isSpeltOtherwise()) || about.isStated('outcome'));
  }
  if (done.outcome === 'outside') return 'agrees';
  if (done.outcome === 'rejected') {
    if (done.status === meant.status) return 'agrees';
    const sentence = `the mesh answers ${meant.status}, the documents ${done.status}`;
    return otherwise(sentence, about.isSpeltOtherwise() || about.isStated('outcome'));
  }
  const shares = compareShares(meant, done.targets, about);
  if (shares !== 'agrees') return typeof shares === 'string' ? notWider(model, request, done.targets, stated) : shares;
  const verdicts = compareVerdicts(model, request, meant, done.targets, stated);
  if (typeof verdicts === 'object' || done.treatment === undefined) return verdicts;
  const differences = differencesOfTreatment(meant.policies ?? [], done.treatment);
  const unstated = differences.find(({ origins }) => !stated.lost('treatment', { fields: origins, service: [] }));
  if (unstated !== undefined) return { difference: unstated.difference };
  return differences.length === 0 ? verdicts : 'otherwise';

  function otherwise(difference: string, isStated: boolean): Comparison {
    if (!isStated) return { difference };
    if (done.outcome === 'routed') return notWider(model, request, done.targets, stated);
    const keepsOut = meant.targets.some(({ weight, verdict }) => weight > 0 && /^(deny|mixed)$/.test(verdict));
    // By a name of nobody it still goes to the address that the client chose, where servers ask.
    const isLetOut = done.outcome === 'outside' && keepsOut && !about.isMisnamed;
    return isLetOut && !stated.isOpen(request.kind) ? { difference } : 'otherwise';
  }
}

/** What of the translation may be about a request. */
interface About {
  /** Targets have their own opinions of the names of the request, as the table says. */
  readonly isMisnamed: boolean;
  isStated(excuse: 'backends' | 'outcome'): boolean;
  /** How far shares may be apart. */
  readonly apart: number;
  /** The target may not understand how the request is written. */
  isSpeltOtherwise(): boolean;
}

function aboutOf(model: MeshModel, request: TrafficRequest, meant: Decision, stated: Stated): About {
  const service = meant.service === undefined ? undefined : model.services[meant.service];
  const { protocol = request.kind } = findPort(service?.ports ?? [], request.to.port, transportOf(request.kind)) ?? {};
  const routing = [`${protocol}-routing` as const];
  const at = { fields: routingOrigins(meant), service: service?.origins ?? [] };
  const isOfNobody = request.kind !== 'udp' && stated.inTable('names') && isMisnamed(model, request, meant);
  const isOfTable =
    isOfNobody || stated.inTable('protocol', routing) || (request.kind === 'udp' && stated.inTable('datagrams'));
  return {
    isMisnamed: isOfNobody,
    isStated: (excuse) => isOfTable || stated.lost(excuse, at),
    get apart() {
      return stated.apart(at.fields);
    },
    isSpeltOtherwise: () =>
      (stated.inTable('spelling', routing) && isUnusual(request, service)) ||
      (stated.inTable('methods') && request.kind === 'http' && !/^[A-Z]+$/.test(request.method)),
  };
}

/** Whether a request is written in another way than by a host of the Service and a path without escapes. */
function isUnusual(request: TrafficRequest, service: Service | undefined): boolean {
  const isHost = (text: string) => {
    const { name = '', port = request.to.port } = parseAuthority(text) ?? {};
    return service?.hosts.includes(name) === true && text.startsWith(name) && port === request.to.port;
  };
  if (!isHost(request.to.host)) return true;
  if (request.kind !== 'http') return false;
  const { host = request.to.host } = request.headers;
  const [path = ''] = request.path.split('?');
  const normal = normalizePath(path);
  return typeof host !== 'string' || !isHost(host) || path.includes('%') || !normal.ok || normal.value.path !== path;
}

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

/** What adding up shares as floating-point numbers may be wrong by. */
const rounding = 1e-12;

function compareShares(meant: Decision, done: readonly SimulatedTarget[], about: About): Comparison {
  const [wanted, got] = [sharesOf(meant.targets), sharesOf(done)];
  const keys = [...new Set([...wanted.keys(), ...got.keys()])];
  const differing = keys.filter((key) => !sameShare(wanted.get(key) ?? nothing, got.get(key) ?? nothing));
  if (differing.length === 0) return 'agrees';
  const apart = Math.max(...differing.map((key) => Math.abs(share(wanted.get(key)) - share(got.get(key)))));
  if (apart <= about.apart + rounding || about.isStated('backends')) return 'otherwise';
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
  model: MeshModel,
  request: TrafficRequest,
  { targets }: Decision,
  done: readonly SimulatedTarget[],
  stated: Stated,
): Comparison {
  let narrower = false;
  for (const target of done) {
    const meant = targets.find(({ service, port }) => service === target.service && port === target.port);
    if (meant === undefined || target.weight === 0) continue;
    const [wanted, got] = [meant.verdict, target.verdict];
    if (
      wanted === got ||
      (got === 'open' && (wanted === 'allow' || (wanted !== 'unavailable' && stated.isOpen(request.kind))))
    )
      continue;
    if (got === 'unavailable' && isBeyondReach(model, request, target)) continue;
    const difference = `at ${target.service}:${target.port} the mesh says ${wanted}, the documents ${got}`;
    if (wanted === 'unavailable' || got === 'unavailable' || got === 'open') return { difference };
    if (openness[got] > openness[wanted]) return { difference };
    const origins = accessOrigins(meant);
    if (!stated.narrower(origins) && !(origins.length === 0 && stated.inTable('modes'))) {
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
    return !letsIn(model, request, { service, port }) && !(verdict === 'open' && stated.isOpen(request.kind));
  });
  if (wide === undefined) return 'otherwise';
  const act = wide.verdict === 'open' ? 'ask nobody' : 'let it in';
  return {
    difference: `the documents ${act} at ${wide.service}:${wide.port}, where no workload of the mesh lets it in`,
  };
}

/** Whether any pod behind a service port lets a request in. */
function letsIn(model: MeshModel, request: TrafficRequest, at: Pick<SimulatedTarget, 'service' | 'port'>): boolean {
  const client = model.workloads[request.from];
  const service = model.services[at.service];
  if (client === undefined || service === undefined) return false;
  if (isElsewhere(service)) return true;
  return endpointsOf(model, request, at).some(({ workload, port }) => {
    const arriving = { peer: client.identity, from: client.id, workload, port };
    if (request.kind !== 'http') return decideInbound(model, { ...arriving, kind: request.kind }).verdict === 'allow';
    const { kind, method, path, headers } = request;
    const sent = { host: request.to.host, ...headers };
    return decideInbound(model, { ...arriving, kind, method, path, headers: sent }).verdict === 'allow';
  });
}

function endpointsOf(
  { services }: MeshModel,
  { kind }: TrafficRequest,
  { service, port }: Pick<SimulatedTarget, 'service' | 'port'>,
): ServicePort['targets'] {
  return findPort(services[service]?.ports ?? [], port, transportOf(kind))?.targets ?? [];
}

/** What answers a request where a backend has no workload that is ready: a status, or a connection that is closed. */
function nobodyThere({ kind }: TrafficRequest): number {
  return kind === 'http' ? 503 : 0;
}

/** Whether nothing that a request may go to is there: a target may say so by a rejection as well. */
function isUnavailable(model: MeshModel, request: TrafficRequest, { targets }: Decision): boolean {
  const some = targets.filter(({ weight }) => weight > 0);
  return (
    some.length > 0 && some.every((target) => target.verdict === 'unavailable' || isBeyondReach(model, request, target))
  );
}

/** Whether all that stands behind a target has no address yet, such as pods that a Deployment has still to make. */
function isBeyondReach(
  model: MeshModel,
  request: TrafficRequest,
  target: Pick<SimulatedTarget, 'service' | 'port'>,
): boolean {
  const endpoints = endpointsOf(model, request, target);
  return endpoints.length > 0 && endpoints.every(({ workload }) => model.workloads[workload]?.addresses.length === 0);
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
