import type { MeshModel, WorkloadId } from '../../../src/model/types.ts';
import type { CaseRequest, GoldenCase } from './cases.ts';
import type { Credentials } from './credentials.ts';
import { startPrograms } from './echo.ts';
import { Exchange, type Observation } from './exchange.ts';
import type { Answer } from './expectation.ts';
import type { Plane } from './planes.ts';
import { type Branch, describeReference, disagreement, type Reference, referenceOf } from './reference.ts';

/** Tries where a data plane chooses among pods by its own means. */
const triesAmongPods = 6;
/** How unlikely a wrong alarm about a TCP share may be. */
const tcpDoubt = 1e-9;

/** What one side says about one request of a case. */
export interface Finding {
  readonly says: string;
  /** False where that is not what the author of the case (for decide()) or decide() (for a data plane) says. */
  readonly right: boolean;
}

/** What decide() says about each request, held against what the author of the case expects. */
export function askReference(golden: GoldenCase, model: MeshModel): readonly Finding[] {
  return golden.requests.map((request) => {
    const reference = referenceOf(model, request);
    if (reference === undefined) return { says: 'has no words for this peer', right: true };
    const problem = disagreement(model, request, reference);
    return { says: problem ?? describeReference(reference), right: problem === undefined };
  });
}

/** Sends every request of a case through a data plane and holds the answers against decide(). */
export async function askPlane(
  plane: Plane,
  golden: GoldenCase,
  model: MeshModel,
  credentials: Credentials,
): Promise<readonly Finding[]> {
  const stopPrograms = await startPrograms(model);
  try {
    const stopPlane = await plane.start(model, participants(golden, model), credentials);
    const exchange = new Exchange(model, credentials, plane);
    try {
      const findings: Finding[] = [];
      for (const request of golden.requests) {
        const problem = await checkRequest(exchange, model, request);
        findings.push({ says: problem ?? 'the same', right: problem === undefined });
      }
      return findings;
    } finally {
      exchange.close();
      await stopPlane();
    }
  } finally {
    await stopPrograms();
  }
}

/** For people: each request about which somebody is wrong, with everybody's answer. Nothing when all agree. */
export function reportOf(golden: GoldenCase, sides: Readonly<Record<string, readonly Finding[]>>): string | undefined {
  const wrong = golden.requests.flatMap((request, index) => {
    const said = Object.entries(sides).map(([side, findings]) => ({ side, finding: findings[index] }));
    if (said.every(({ finding }) => finding?.right === true)) return [];
    const answers = said.map(
      ({ side, finding }) => `  ${side}: ${finding?.says}${finding?.right ? '' : '   <-- wrong'}`,
    );
    return [[`${request.place} (${golden.name})`, `  ${request.label}`, `  expected: ${wanted(request)}`, ...answers]];
  });
  return wrong.length === 0 ? undefined : wrong.map((lines) => lines.join('\n')).join('\n\n');
}

/** The workloads with a sidecar that take part: those that requests name, and those that may serve them. */
function participants(golden: GoldenCase, model: MeshModel): readonly WorkloadId[] {
  const named = golden.requests.flatMap((request) => [
    request.direction === 'outbound' ? request.from : request.workload,
    ...(referenceOf(model, request)?.branches.flatMap(({ workloads }) => workloads) ?? []),
  ]);
  return Object.values(model.workloads)
    .filter(({ id, transport }) => transport === 'mtls' && named.includes(id))
    .map(({ id }) => id);
}

function wanted({ expect: { answers, shares, seen } }: CaseRequest): string {
  const all =
    shares === 'unsaid'
      ? answers.join('/')
      : shares.map(({ service, weight, answer }) => `${service} ${weight}: ${answer}`).join(', ');
  return seen === undefined ? all : `${all}, and the server sees ${seen}`;
}

async function checkRequest(exchange: Exchange, model: MeshModel, request: CaseRequest): Promise<string | undefined> {
  if (request.traffic.kind === 'udp' && request.direction !== 'outbound') return undefined;
  const reference = referenceOf(model, request);
  if (reference === undefined || reference.rejected !== undefined) {
    const wanted = reference === undefined ? request.expect.answers : [reference.rejected ?? 0];
    const served = request.direction === 'inbound' ? [request.workload] : [];
    return unlike(await exchange.send(request, undefined), wanted, served, undefined);
  }
  if (request.traffic.kind !== 'http') return checkConnections(exchange, request, reference);
  const random = request.direction === 'outbound';
  for (const { value, branch } of drawn(reference.branches)) {
    for (let attempt = 0; attempt < (branch.answers.length > 1 ? triesAmongPods : 1); attempt += 1) {
      const observed = await exchange.send(request, random ? value : undefined);
      const problem = unlike(observed, branch.answers, branch.workloads, reference.seen);
      if (problem !== undefined) return `${problem} (random value ${value})`;
    }
  }
  return undefined;
}

/** Random values around each boundary between branches, with the branch that each of them must choose. */
export function drawn(branches: readonly Branch[]): readonly { value: number; branch: Branch }[] {
  const ends: number[] = [];
  for (const { weight } of branches) ends.push((ends.at(-1) ?? 0) + weight);
  const total = ends.at(-1) ?? 0;
  if (branches.length === 1) return [{ value: 0, branch: branches[0]! }];
  const values = [0, ...ends].flatMap((end) => [end - 1, end, end + 1]).filter((value) => value >= 0);
  return [...new Set(values)].map((value) => {
    const index = ends.findIndex((end) => value % total < end);
    return { value, branch: branches[index]! };
  });
}

/** Connections carry no header, so all shares must show up and nothing else. */
async function checkConnections(
  exchange: Exchange,
  request: CaseRequest,
  { branches }: Reference,
): Promise<string | undefined> {
  const total = branches.reduce((sum, { weight }) => sum + weight, 0);
  const smallest = Math.min(...branches.map(({ weight }) => weight / total));
  const tries = smallest === 1 ? 1 : Math.ceil(Math.log(tcpDoubt) / Math.log(1 - smallest));
  const missing = new Set(branches);
  for (let attempt = 0; attempt < tries && (missing.size > 0 || attempt === 0); attempt += 1) {
    const observed = await exchange.send(request, undefined);
    // Refusals of several branches look alike: one stands for all of them.
    const alike = branches.filter((each) => unlike(observed, each.answers, each.workloads, undefined) === undefined);
    if (alike.length === 0) return describe(observed);
    for (const branch of alike) missing.delete(branch);
  }
  return missing.size === 0 ? undefined : `${[...missing].map(({ service }) => service)} never in ${tries} connections`;
}

function unlike(
  observed: Observation,
  answers: readonly Answer[],
  workloads: readonly string[],
  seen: string | undefined,
): string | undefined {
  const served = observed.answer === 200 || observed.answer === 'connected' || observed.answer === 'delivered';
  const right =
    answers.includes(observed.answer) &&
    served === (observed.workload !== undefined) &&
    (!served || workloads.includes(observed.workload ?? '')) &&
    (!served || seen === undefined || observed.seen === seen);
  return right ? undefined : describe(observed);
}

function describe({ answer, workload, seen, reason }: Observation): string {
  const parts = [String(answer)];
  if (workload !== undefined) parts.push(`by ${workload}`);
  if (seen !== undefined) parts.push(`which saw ${seen}`);
  if (reason !== undefined) parts.push(`(${reason})`);
  return parts.join(' ');
}
