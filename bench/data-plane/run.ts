import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BenchFailure } from '../failure.ts';
import { coreLists, findTools } from '../tools.ts';
import { writeIdentities } from './identities.ts';
import { type Contender, usage } from './measure.ts';
import type { DataPlaneOptions } from './options.ts';
import { makeReport, type Report } from './report.ts';
import type { Bench, Figures, Scenario } from './scenario.ts';
import { type Place, startSubject } from './start.ts';

/** The authority of every request. */
const host = 'upstream.bench';
/** Programs that compile what is hot are as fast as they get after about so many requests. */
const warmRequests = 20_000;
/** But no subject is warmed up for longer than so many measurements take. */
const warmUpShare = 3;

export type Progress = (line: string) => void;

/**
 * Runs one benchmark. All subjects are started and proved correct first, then measured A B C A B C, so that a noisy minute
 * of the machine falls on all of them.
 */
export function runScenario(
  scenario: Scenario,
  options: DataPlaneOptions,
  envoyPath: string,
  progress: Progress,
): Promise<Report> {
  return withBench(scenario, options, envoyPath, [], async (place, start) => {
    const contenders: Contender[] = [];
    for (const subject of chosen(scenario, options)) {
      const contender = await start(subject);
      contenders.push(contender);
      const asked = await scenario.check(contender.name, contender.port, host);
      progress(`${scenario.name}: ${contender.name}: ${asked} correctness requests passed`);
    }
    return makeReport(scenario, await takeTurns(scenario, place.bench, contenders, options, progress));
  });
}

type Start = (subject: Scenario['subjects'][number]) => Promise<Contender>;

/** Starts the server and what is needed around it; whatever happens, all that was started is stopped. */
export async function withBench<T>(
  scenario: Scenario,
  { connections }: Pick<DataPlaneOptions, 'connections'>,
  envoyPath: string,
  nodeOptions: readonly string[],
  use: (place: Place, start: Start) => Promise<T>,
): Promise<T> {
  const tools = findTools();
  const cores = coreLists();
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bench-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    const identities = await writeIdentities(folder);
    const bench: Bench = { ...tools, folder, cores: cores.others, host, identities, inFlight: connections };
    const upstream = await scenario.startUpstream(bench);
    stops.push(upstream.stop);
    const programs = { haproxy: tools.haproxy, envoy: envoyPath, node: process.execPath };
    const place: Place = { bench, programs, cores: cores.proxy, upstreamPort: upstream.port, nodeOptions };
    return await use(place, (subject) => startSubject(subject, place, ({ stop }) => stops.push(stop)));
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

function chosen({ name, subjects }: Scenario, { subjects: wanted }: DataPlaneOptions): Scenario['subjects'] {
  const found = wanted === undefined ? subjects : subjects.filter((subject) => wanted.includes(subject.name));
  if (found.length > 0) return found;
  throw new BenchFailure(`${name}: none of its subjects: ${subjects.map((subject) => subject.name).join(', ')}`);
}

async function takeTurns(
  scenario: Scenario,
  bench: Bench,
  contenders: readonly Contender[],
  { seconds, rounds }: DataPlaneOptions,
  progress: Progress,
): Promise<ReadonlyMap<string, readonly Figures[]>> {
  const samples = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await named(contender, warmUp(scenario, bench, contender, seconds));
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const saturated = await named(contender, scenario.saturate(bench, contender, seconds));
      const { rssBytes } = usage(contender);
      const paced = await named(contender, scenario.pace(bench, contender, seconds));
      const figures: Figures = { ...saturated, ...pacedFigures(paced), rssMiB: rssBytes / 2 ** 20 };
      samples.get(contender.name)?.push(figures);
      const merit = figures[scenario.merit.key] ?? Number.NaN;
      progress(
        `${scenario.name}: round ${round}/${rounds} ${contender.name}: ${scenario.merit.key} ${merit.toFixed(2)}`,
      );
    }
  }
  return samples;
}

async function warmUp(scenario: Scenario, bench: Bench, contender: Contender, seconds: number): Promise<void> {
  let done = 0;
  for (let spent = 0; spent < seconds * warmUpShare && done < warmRequests; spent++) {
    const { requestsPerSecond = warmRequests } = await scenario.saturate(bench, contender, 1);
    done += requestsPerSecond;
  }
}

function pacedFigures(paced: Awaited<ReturnType<Scenario['pace']>>): Figures {
  return { pacedP50Millis: paced.p50Millis, pacedP99Millis: paced.p99Millis, pacedP999Millis: paced.p999Millis };
}

/** Names the subject in what goes wrong. */
function named<T>({ name }: Contender, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw error instanceof BenchFailure ? new BenchFailure(`${name}: ${error.message}`) : error;
  });
}
