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

/** Where the author of a case and decide() disagree; one text for each request. */
export function checkReference(golden: GoldenCase, model: MeshModel): readonly string[] {
  return golden.requests.flatMap((request) => {
    const reference = referenceOf(model, request);
    const problem = reference === undefined ? undefined : disagreement(model, request, reference);
    return problem === undefined ? [] : [report(golden, request, `decide(): ${problem}`)];
  });
}

/** Sends every request of a case through a data plane; one text for each that it answers in another way than decide(). */
export async function checkPlane(
  plane: Plane,
  golden: GoldenCase,
  model: MeshModel,
  credentials: Credentials,
): Promise<readonly string[]> {
  const stopPrograms = await startPrograms(model);
  try {
    const stopPlane = await plane.start(model, participants(golden, model), credentials);
    const exchange = new Exchange(model, credentials);
    try {
      const problems: string[] = [];
      for (const request of golden.requests) {
        const problem = await checkRequest(exchange, model, request);
        if (problem !== undefined) problems.push(report(golden, request, `${plane.name}: ${problem}`));
      }
      return problems;
    } finally {
      exchange.close();
      await stopPlane();
    }
  } finally {
    await stopPrograms();
  }
}

/** The workloads with a sidecar that take part: those that requests name, and those that may serve them. */
export function participants(golden: GoldenCase, model: MeshModel): readonly WorkloadId[] {
  const named = golden.requests.flatMap((request) => [
    request.direction === 'outbound' ? request.from : request.workload,
    ...(referenceOf(model, request)?.branches.flatMap(({ workloads }) => workloads) ?? []),
  ]);
  return Object.values(model.workloads)
    .filter(({ id, transport }) => transport === 'mtls' && named.includes(id))
    .map(({ id }) => id);
}

function report(golden: GoldenCase, request: CaseRequest, answer: string): string {
  const { answers, shares, seen } = request.expect;
  const wanted =
    shares === 'unsaid'
      ? answers.join('/')
      : shares.map(({ service, weight, answer: each }) => `${service} ${weight}: ${each}`).join(', ');
  const path = seen === undefined ? '' : `, and the server sees ${seen}`;
  return `${request.place} (${golden.name})\n  ${request.label}\n  expected: ${wanted}${path}\n  ${answer}`;
}

async function checkRequest(exchange: Exchange, model: MeshModel, request: CaseRequest): Promise<string | undefined> {
  const reference = referenceOf(model, request);
  if (reference === undefined || reference.rejected !== undefined) {
    const wanted = reference === undefined ? request.expect.answers : [reference.rejected ?? 0];
    return unlike(await exchange.send(request, undefined), wanted, [], undefined);
  }
  if (request.traffic.kind === 'tcp') return checkConnections(exchange, request, reference);
  const random = request.direction === 'outbound';
  for (const { value, branch } of drawn(reference.branches)) {
    for (let attempt = 0; attempt < (branch.answers.length > 1 ? triesAmongPods : 1); attempt += 1) {
      const observed = await exchange.send(request, random ? value : undefined);
      const problem = unlike(observed, branch.answers, branch.workloads, reference.seen);
      if (problem !== undefined) return `${problem} (random value ${value}, decide(): ${describeReference(reference)})`;
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
    const branch = branches.find((each) => unlike(observed, each.answers, each.workloads, undefined) === undefined);
    if (branch === undefined) return describe(observed);
    missing.delete(branch);
  }
  return missing.size === 0 ? undefined : `${[...missing].map(({ service }) => service)} never in ${tries} connections`;
}

function unlike(
  observed: Observation,
  answers: readonly Answer[],
  workloads: readonly string[],
  seen: string | undefined,
): string | undefined {
  const served = observed.answer === 200 || observed.answer === 'connected';
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
