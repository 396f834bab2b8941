import type { ObjectKey } from '../../diagnostics/origin.ts';
import type { LocatedDiagnostic } from '../messages.ts';
import type { ProxyRefusal } from '../refusals/refusal.ts';
import { durationsOf, type Rollout } from '../rollouts/rollout.ts';
import type { RolloutReport, WaitReport } from './contract.ts';
import type { AdminSource } from './source.ts';

export interface WaitQuery {
  /** `KIND/NAMESPACE/NAME`; none: everything that was saved until now. */
  readonly objects: readonly string[];
  readonly timeoutMillis: number;
  readonly gone: AbortSignal;
}

const maxMissing = 20;

/** Looks at the files now, then waits until every connected proxy has, or has refused, what they say. */
export async function waitForProxies(source: AdminSource, query: WaitQuery): Promise<WaitReport> {
  const over = deadline(query);
  const looking = source.look(over.signal).then(
    () => true,
    () => false,
  );
  if (!(await Promise.race([looking, over.passed.then(() => false)]))) return reportOf(source, [], undefined);
  const found = query.objects.map((text) => [text, source.findObject(text)] as const);
  const unknown = found.flatMap(([text, object]) => (object === undefined ? [text] : []));
  const objects = found.flatMap(([, object]) => object ?? []);
  if (unknown.length > 0) {
    return { ...reportOf(source, objects, undefined), outcome: 'unknown-object', unknown };
  }
  const target = await until(source, over, () => rolloutOf(source, objects));
  if (target === undefined) return reportOf(source, objects, undefined);
  await until(source, over, () => (source.rollouts.missing(target.id).length === 0 ? target : undefined));
  return reportOf(source, objects, target);
}

/** The first publication that has the latest change of every object; the latest of all where none is named. */
function rolloutOf(source: AdminSource, objects: readonly ObjectKey[]): Rollout | undefined {
  const { rollouts, latest } = source.rollouts;
  if (objects.length === 0) return latest;
  const generation = Math.max(...objects.map((object) => source.lastChange(object)));
  return rollouts.find((rollout) => rollout.generation >= generation);
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly passed: Promise<void>;
  isOver(): boolean;
}

function deadline({ timeoutMillis, gone }: WaitQuery): Deadline {
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMillis), gone]);
  const passed = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  return { signal, passed, isOver: () => signal.aborted };
}

/** Asks again at every change, until there is a value or nobody waits any more. */
async function until<T>(source: AdminSource, over: Deadline, ask: () => T | undefined): Promise<T | undefined> {
  let value = ask();
  while (value === undefined && !over.isOver()) {
    const changed = Promise.withResolvers<void>();
    const unwatch = source.rollouts.watch(() => changed.resolve());
    await Promise.race([changed.promise, over.passed]);
    unwatch();
    value = ask();
  }
  return value;
}

function reportOf(source: AdminSource, objects: readonly ObjectKey[], target: Rollout | undefined): WaitReport {
  const refusals = source.refusals.standing.filter((refusal) => concerns(refusal, objects));
  const errors = source.errors().filter((error) => isAbout(error, objects));
  const missing = target === undefined ? [] : source.rollouts.missing(target.id);
  const proxies = source.proxies();
  const connected = new Set(proxies.map(({ node }) => node.id));
  const { rollouts } = source.rollouts;
  // News of local pods of the same generation says nothing of how the files fared.
  const shown = rollouts.findLast((each) => each.generation === target?.generation && each.cause !== 'pods') ?? target;
  const outcome = refusals.length + errors.length > 0 ? 'refused' : 'landed';
  return {
    outcome: target === undefined || missing.length > 0 ? 'waiting' : outcome,
    unknown: [],
    ...(shown === undefined ? {} : { rollout: rolloutReport(shown, missing) }),
    connected: connected.size,
    absent: source.workloads().filter((workload) => !connected.has(workload)),
    findings: [...errors, ...refusals.map(({ diagnostic }) => diagnostic)],
    refusals,
  };
}

export function rolloutReport(rollout: Rollout, missing: readonly string[]): RolloutReport {
  return {
    ...rollout,
    durations: durationsOf(rollout),
    missing: missing.slice(0, maxMissing),
    missingCount: missing.length,
  };
}

function concerns({ objects }: ProxyRefusal, named: readonly ObjectKey[]): boolean {
  return named.length === 0 || objects.some((object) => named.includes(object));
}

/** What has no object concerns everybody: a file that cannot be read may hold any. */
function isAbout({ origin }: LocatedDiagnostic, named: readonly ObjectKey[]): boolean {
  return named.length === 0 || origin === undefined || named.includes(origin.object);
}
