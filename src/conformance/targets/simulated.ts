import { normalizePath } from '../../lib/http-path.ts';
import { packageVersion } from '../../lib/package-version.ts';
import { compile, parse } from '../../library/manifests.ts';
import { decide } from '../../model/decide.ts';
import type { Decision, DecisionTarget, TrafficRequest } from '../../model/decision.ts';
import type { MeshModel, MeshSettings, WorkloadId } from '../../model/types.ts';
import type { CaseQuestion, ConformanceCase, Outcome, Step } from '../case.ts';
import { CaseObjects } from '../objects.ts';
import type { Answers, Branch, Implementation, OpenMesh, Target } from '../target.ts';

export const ownImplementation: Implementation = {
  organization: 'smi-mesh',
  project: 'smi-mesh',
  version: packageVersion(),
};

/** What a mesh decides about a request; tests put mistaken ones in its place. */
export type Decide = (model: MeshModel, request: TrafficRequest) => Decision;

/** The model of manifests; whoever asks about the same ones often may keep it. */
export type ModelOf = (manifests: string, settings: Partial<MeshSettings>) => MeshModel;

const compiled: ModelOf = (manifests, settings) => compile(parse(manifests), { settings }).model;

/** No mesh at all: what the resources mean, by `decide()`. Shares are exact. */
export function simulatedTarget(decideRequest: Decide = decide, modelOf: ModelOf = compiled): Target {
  return {
    name: 'simulated',
    implementation: ownImplementation,
    convergenceMillis: 0,
    concurrency: 1,
    unable: () => undefined,
    batches: (cases) => cases.map((each) => [each]),
    open: async ([testCase]) => new SimulatedMesh(testCase!, decideRequest, modelOf),
  };
}

class SimulatedMesh implements OpenMesh {
  readonly #decide: Decide;
  readonly #modelOf: ModelOf;
  readonly #objects: CaseObjects;
  #model: MeshModel | undefined;

  constructor(testCase: ConformanceCase, decideRequest: Decide, modelOf: ModelOf) {
    this.#decide = decideRequest;
    this.#modelOf = modelOf;
    this.#objects = new CaseObjects(testCase);
  }

  async apply({ settings }: ConformanceCase, step: Step): Promise<void> {
    this.#objects.change(step);
    this.#model = this.#modelOf(this.#objects.text(), settings);
  }

  async ask(question: CaseQuestion): Promise<Answers> {
    if (this.#model === undefined) throw new Error('nothing was applied');
    const decision = this.#decide(this.#model, requestOf(question));
    return { kind: 'exact', branches: branchesOf(this.#model, decision, question) };
  }

  async close(): Promise<void> {}
}

function requestOf({ from, host, port, traffic }: CaseQuestion): TrafficRequest {
  const base = { from: from as WorkloadId, to: { host, port } };
  if (traffic.kind === 'tcp' || traffic.kind === 'udp') return { ...base, kind: traffic.kind };
  const headers = Object.fromEntries(
    Object.entries(traffic.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  if (traffic.kind === 'http') return { ...base, kind: 'http', method: traffic.method, path: traffic.path, headers };
  const grpcHeaders = { ...headers, 'content-type': 'application/grpc', te: 'trailers' };
  return { ...base, kind: 'http', method: 'POST', path: traffic.path, headers: grpcHeaders };
}

function branchesOf(model: MeshModel, decision: Decision, { traffic }: CaseQuestion): readonly Branch[] {
  const bytes = traffic.kind === 'tcp' || traffic.kind === 'udp';
  const inWords = (outcome: Outcome) => (bytes && !outcome.includes('/') ? 'closed' : outcome);
  if (decision.outcome === 'rejected') return [{ weight: 1, outcomes: [inWords(statusWord(decision.status ?? 0))] }];
  if (decision.outcome === 'outside') return [{ weight: 1, outcomes: [inWords('unknown-host')] }];
  const normal = 'path' in traffic ? normalizePath(traffic.path) : undefined;
  const seen = normal?.ok === true ? { seen: normal.value.path + normal.value.query } : {};
  return decision.targets.map((target) => ({
    weight: target.weight,
    outcomes: [...new Set(outcomesOf(model, target).map(inWords))],
    ...seen,
  }));
}

function outcomesOf(model: MeshModel, { verdict, sets }: DecisionTarget): readonly Outcome[] {
  if (verdict === 'unavailable') return ['unavailable'];
  return sets.flatMap(({ workloads, access }): readonly Outcome[] => {
    if (access.verdict === 'deny') return ['denied'];
    if (access.verdict === 'reject') return [statusWord(access.status ?? 0)];
    return workloads.filter((id) => model.workloads[id]?.ready === true);
  });
}

/** The word of an HTTP status that a mesh answers. */
export function statusWord(status: number): Outcome {
  const words: Readonly<Record<number, Outcome>> = {
    400: 'bad-request',
    403: 'denied',
    404: 'unknown-host',
    503: 'unavailable',
  };
  return words[status] ?? `status ${status}`;
}
