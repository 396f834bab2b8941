import { normalizePath } from '../../../src/lib/http-path.ts';
import { decide, decideInbound } from '../../../src/model/decide.ts';
import type { Decision, DecisionTarget } from '../../../src/model/decision.ts';
import { serviceId, workloadId } from '../../../src/model/ids.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import type { CaseRequest } from './cases.ts';
import { peerIdentity } from './credentials.ts';
import type { Answer, StatedExpectation } from './expectation.ts';
import { outsidePrograms } from './outside.ts';

/** The answers that a request may get, as decide() sees it. */
export interface Reference {
  /** With a positive weight each, in order; a request that goes nowhere has none. */
  readonly branches: readonly Branch[];
  /** For a request that goes nowhere. */
  readonly rejected?: Answer;
  /** The request target that a server's program sees. */
  readonly seen?: string;
}

export interface Branch {
  /** `NAMESPACE/NAME`; empty for a request straight to a sidecar. */
  readonly service: string;
  readonly weight: number;
  readonly answers: readonly Answer[];
  /** The workloads that may serve it. */
  readonly workloads: readonly string[];
}

/** What decide() says; nothing for attacks that it has no words for (a peer without a valid certificate). */
export function referenceOf(model: MeshModel, request: CaseRequest): Reference | undefined {
  const { traffic } = request;
  const seen = traffic.kind === 'http' ? seenPath(traffic.path) : {};
  if (request.direction === 'inbound') {
    const plain = request.credential === 'plain-text' && takesPlain(model, request);
    if (request.credential !== 'issued' && !plain) return undefined;
    const [podNamespace = '', pod = ''] = request.workload.split('/');
    const { verdict, status } = decideInbound(model, {
      ...traffic,
      ...(traffic.kind === 'http' ? { headers: lowerCase(traffic.headers) } : {}),
      peer: peerIdentity(model.trustDomain, request.peer),
      ...(plain ? { plain } : {}),
      workload: workloadId(podNamespace, pod),
      port: request.port,
      from: { address: peerAddress(model, request.source) },
    } as Parameters<typeof decideInbound>[1]);
    if (verdict === 'reject') return { branches: [], rejected: status ?? 0 };
    const answer = verdict === 'allow' ? passed(traffic.kind) : denied(traffic.kind);
    return { branches: [{ service: '', weight: 1, answers: [answer], workloads: [request.workload] }], ...seen };
  }
  const [namespace = '', pod = ''] = request.from.split('/');
  const decision = decide(model, {
    ...traffic,
    ...(traffic.kind === 'http' ? { headers: lowerCase(traffic.headers) } : {}),
    from: workloadId(namespace, pod),
    to: request.to,
  } as Parameters<typeof decide>[1]);
  return { ...branchesOf(model, decision, request), ...seen };
}

function takesPlain(
  model: MeshModel,
  { workload, port }: { readonly workload: string; readonly port: number },
): boolean {
  const found = Object.values(model.workloads).find(({ id }) => id === workload);
  return found?.ports.find((candidate) => candidate.port === port)?.tls !== undefined;
}

/** Where a peer that calls a sidecar by itself calls from. */
export function peerAddress(model: MeshModel, source: string | undefined): string {
  if (source === undefined) return '127.0.0.1';
  const found = Object.values(model.workloads).find(({ id }) => id === source)?.addresses[0];
  if (found === undefined) throw new Error(`no workload ${source} with an address`);
  return found;
}

function branchesOf(
  model: MeshModel,
  decision: Decision,
  request: CaseRequest & { readonly direction: 'outbound' },
): Reference {
  const { kind } = request.traffic;
  if (decision.outcome === 'rejected')
    return { branches: [], rejected: kind === 'http' ? (decision.status ?? 0) : denied(kind) };
  if (decision.outcome === 'outside') {
    const workloads = outsidePrograms(model).flatMap(({ name, port }) => (port === request.to.port ? [name] : []));
    return { branches: [{ service: 'the/outside', weight: 1, answers: [passed(kind)], workloads }] };
  }
  const branches = decision.targets
    .filter(({ weight }) => weight > 0)
    .map((target) => ({
      service: target.service,
      weight: target.weight,
      answers: answersOf(target, kind),
      workloads: workloadsOf(model, target, kind),
    }));
  return { branches };
}

function answersOf({ verdict, sets }: DecisionTarget, kind: Kind): readonly Answer[] {
  const statuses = new Set(sets.flatMap(({ access }) => access.status ?? []));
  // Refused before grants are asked: by all pods, or by those that are not among the others.
  if (statuses.size > 0) {
    const others = sets.flatMap(({ access }) =>
      access.verdict === 'reject' ? [] : [access.verdict === 'allow' ? passed(kind) : denied(kind)],
    );
    return [...new Set<Answer>([...statuses, ...others])];
  }
  switch (verdict) {
    case 'allow':
      return [passed(kind)];
    case 'deny':
      return [denied(kind)];
    case 'mixed':
      return [passed(kind), denied(kind)];
    case 'unavailable':
      return [kind === 'http' ? 503 : denied(kind)];
  }
}

type Kind = CaseRequest['traffic']['kind'];

const passed = (kind: Kind): Answer => (({ http: 200, tcp: 'connected', udp: 'delivered' }) as const)[kind];
const denied = (kind: Kind): Answer => (({ http: 403, tcp: 'closed', udp: 'dropped' }) as const)[kind];

function workloadsOf(model: MeshModel, { service, port }: DecisionTarget, kind: Kind): readonly string[] {
  const { ports = [], externalName } = model.services[service] ?? {};
  if (externalName !== undefined) return [externalName];
  return ports
    .filter((candidate) => candidate.port === port && (candidate.protocol === 'udp') === (kind === 'udp'))
    .flatMap(({ targets }) => targets.map(({ workload }) => workload))
    .filter((workload) => model.workloads[workload]?.ready === true);
}

function lowerCase(headers: Readonly<Record<string, string | readonly string[]>>) {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), trimmed(value)]));
}

/** Field values arrive without the blanks around them (RFC 9110 section 5.5). */
function trimmed(value: string | readonly string[]): string | readonly string[] {
  return typeof value === 'string' ? value.trim() : value.map((one) => one.trim());
}

function seenPath(target: string): { seen?: string } {
  const normal = normalizePath(target);
  return normal.ok ? { seen: normal.value.path + normal.value.query } : {};
}

/** Why decide() does not say what the author says; nothing when it does. */
export function disagreement(model: MeshModel, request: CaseRequest, reference: Reference): string | undefined {
  const stated = stateInFull(model, request);
  const { branches, rejected, seen } = reference;
  if (stated.seen !== undefined && stated.seen !== seen) return `the server sees ${seen}`;
  if (stated.shares === 'unsaid') {
    const answers = rejected === undefined ? branches.flatMap((branch) => branch.answers) : [rejected];
    return sameSet(answers, stated.answers) ? undefined : describeReference(reference);
  }
  const total = sum(branches.map(({ weight }) => weight));
  const statedTotal = sum(stated.shares.map(({ weight }) => weight));
  const alike =
    branches.length === stated.shares.length &&
    stated.shares.every(({ service, weight, answer }) =>
      branches.some(
        (branch) =>
          branch.service === service &&
          BigInt(branch.weight) * BigInt(statedTotal) === BigInt(weight) * BigInt(total) &&
          sameSet(branch.answers, [answer]),
      ),
    );
  return alike ? undefined : describeReference(reference);
}

/** Served without shares means: by the service that the client names. */
function stateInFull(model: MeshModel, request: CaseRequest): StatedExpectation {
  const { expect, direction } = request;
  const served = expect.answers.length === 1 && [200, 'connected', 'delivered'].includes(expect.answers[0] ?? 0);
  if (direction === 'inbound' || expect.shares !== 'unsaid' || !served) return expect;
  const service = serviceOf(model, request.from, request.to.host);
  return { ...expect, shares: [{ service, weight: 1, answer: expect.answers[0] ?? 200 }] };
}

/** The service that a client means by a host name. */
export function serviceOf(model: MeshModel, from: string, host: string): string {
  const bare = serviceId(from.slice(0, from.indexOf('/')), host);
  if (model.services[bare] !== undefined) return bare;
  const found = Object.values(model.services).find(({ hosts }) => hosts.includes(host));
  if (found === undefined) throw new Error(`no service is called ${host}`);
  return found.id;
}

export function describeReference({ branches, rejected }: Reference): string {
  if (rejected !== undefined) return `rejected ${rejected}`;
  return branches
    .map(({ service, weight, answers }) => `${service || 'here'} ${weight}: ${answers.join('/')}`)
    .join(', ');
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function sameSet(a: readonly Answer[], b: readonly Answer[]): boolean {
  return a.every((one) => b.includes(one)) && b.every((one) => a.includes(one));
}
