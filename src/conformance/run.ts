import { setTimeout as delay } from 'node:timers/promises';
import type { CaseExpectation, ConformanceCase, Step } from './case.ts';
import { problemOf, samplesOf } from './judge.ts';
import { lackOf } from './lacks.ts';
import { problemOfRead, readsTrafficMetrics } from './reads.ts';
import type { OpenMesh, Target } from './target.ts';

export interface CaseResult {
  readonly testCase: ConformanceCase;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or each thing that is otherwise than expected. */
  readonly reasons: readonly string[];
  readonly millis: number;
  /** From the moment when a step's resources were in force as far as the mesh says, to that when every answer was right; the longest. */
  readonly convergenceMillis: number;
  /** Requests that were judged. */
  readonly requests: number;
  /** How many of the questions were judged by a test of their shares. */
  readonly shareTests: number;
}

export interface RunOptions {
  readonly cases: readonly ConformanceCase[];
  readonly target: Target;
  readonly onResult?: (result: CaseResult) => void;
  /** Stops before the next case; those that are left are skipped. */
  readonly signal?: AbortSignal;
}

const firstPauseMillis = 50;
const usualPauseMillis = 1_000;
/** Each look at shares is one more chance to miss a fault; there are no more than these. */
const maxLooks = 30;
/** Of these, how many pauses of the longest kind last until the bound. */
const longPauses = 20;
/** The window of TrafficMetrics: what was asked before everything was in force counts in it for so long. */
const metricsWindowMillis = 30_000;

/** Runs cases against a target, in the order of their batches; results are in the order of the cases. Never rejects. */
export async function runConformance(options: RunOptions): Promise<readonly CaseResult[]> {
  const { cases, target, onResult, signal } = options;
  const results = new Map<ConformanceCase, CaseResult>();
  const report = (result: CaseResult) => {
    results.set(result.testCase, result);
    onResult?.(result);
  };
  const able = cases.filter((testCase) => {
    const lack = lackOf(target, testCase);
    const reason = lack === undefined ? target.unable(testCase) : `it needs ${lack}`;
    if (reason !== undefined) report(without(testCase, 'skipped', reason));
    return reason === undefined;
  });
  const batch = async (some: readonly ConformanceCase[]) => {
    if (signal?.aborted !== true) return runBatch(target, some, report, signal);
    for (const testCase of some) report(stopped(testCase));
  };
  await eachOf(target.batches(able), target.batchesAtOnce ?? 1, batch);
  return cases.flatMap((testCase) => results.get(testCase) ?? []);
}

/** In their order, so many at a time. */
async function eachOf<T>(all: readonly T[], atOnce: number, work: (each: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function runBatch(
  target: Target,
  batch: readonly ConformanceCase[],
  report: (result: CaseResult) => void,
  signal?: AbortSignal,
): Promise<void> {
  let mesh: OpenMesh;
  try {
    mesh = await target.open(batch);
  } catch (error) {
    for (const testCase of batch) report(without(testCase, 'failed', `the mesh did not start: ${messageOf(error)}`));
    return;
  }
  await eachOf(batch, target.concurrency, async (testCase) =>
    report(signal?.aborted === true ? stopped(testCase) : await runCase(target, mesh, testCase)),
  );
  await mesh.close();
}

const stopped = (testCase: ConformanceCase) => without(testCase, 'skipped', 'the run was stopped');

function without(testCase: ConformanceCase, result: 'failed' | 'skipped', reason: string): CaseResult {
  return { testCase, result, reasons: [reason], millis: 0, convergenceMillis: 0, requests: 0, shareTests: 0 };
}

async function runCase(target: Target, mesh: OpenMesh, testCase: ConformanceCase): Promise<CaseResult> {
  const begun = performance.now();
  const expectations = testCase.steps.flatMap(({ expect }) => expect);
  const tally = {
    requests: 0,
    shareTests: expectations.filter(({ gives }) => gives.kind === 'shares' && Object.keys(gives.shares).length > 1)
      .length,
  };
  let convergenceMillis = 0;
  let reasons: readonly string[] = [];
  try {
    for (const [index, step] of testCase.steps.entries()) {
      await mesh.apply(testCase, step);
      const judged = await converge(target, mesh, { testCase, step }, tally);
      convergenceMillis = Math.max(convergenceMillis, judged.millis);
      const place = testCase.steps.length === 1 ? '' : `step ${index + 1}: `;
      reasons = judged.problems.map((problem) => place + problem);
      if (reasons.length > 0) break;
    }
  } catch (error) {
    reasons = [messageOf(error)];
  }
  try {
    await mesh.finish?.(testCase);
  } catch (error) {
    reasons = [...reasons, `it could not be taken back: ${messageOf(error)}`];
  }
  const result = reasons.length === 0 ? 'passed' : 'failed';
  const millis = Math.round(performance.now() - begun);
  return { testCase, result, reasons, millis, convergenceMillis: Math.round(convergenceMillis), ...tally };
}

/** Asks everything again until everything holds at once, or the time is over. */
async function converge(
  target: Target,
  mesh: OpenMesh,
  { testCase, step }: { readonly testCase: ConformanceCase; readonly step: Step },
  tally: { requests: number },
): Promise<{ readonly problems: readonly string[]; readonly millis: number }> {
  const begun = performance.now();
  const windowMillis = step.reads.some(readsTrafficMetrics) ? metricsWindowMillis : 0;
  const longPauseMillis = Math.max(usualPauseMillis, (target.convergenceMillis + windowMillis) / longPauses);
  let pauseMillis = firstPauseMillis;
  for (let look = 1; ; look += 1) {
    const ofTraffic = await problemsOf(mesh, step.expect, tally);
    const problems = [...ofTraffic, ...(await problemsOfReads(mesh, testCase, step))];
    const millis = performance.now() - begun;
    const boundMillis = target.convergenceMillis + (ofTraffic.length === 0 ? windowMillis : 0);
    if (problems.length === 0 || look === maxLooks || millis >= boundMillis) return { problems, millis };
    await delay(pauseMillis);
    pauseMillis = Math.min(2 * pauseMillis, longPauseMillis);
  }
}

async function problemsOf(
  mesh: OpenMesh,
  expectations: readonly CaseExpectation[],
  tally: { requests: number },
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const expectation of expectations) {
    const answers = await mesh.ask(expectation.question, samplesOf(expectation));
    tally.requests += answers.kind === 'exact' ? 1 : answers.observations.length;
    const problem = problemOf(expectation, answers);
    if (problem !== undefined) problems.push(`${expectation.label}: ${problem}`);
  }
  return problems;
}

async function problemsOfReads(mesh: OpenMesh, testCase: ConformanceCase, step: Step): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const each of step.reads) {
    const answer = await mesh.read?.(testCase, each);
    const problem = answer === undefined ? 'nothing can be read' : problemOfRead(each, answer);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
