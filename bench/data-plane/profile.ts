import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { BenchFailure } from '../failure.ts';
import { markdownTable } from '../table.ts';
import type { DataPlaneOptions } from './options.ts';
import { type Progress, withBench } from './run.ts';
import type { Scenario } from './scenario.ts';

/** What V8 writes with --cpu-prof, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
}

export interface FunctionCost {
  readonly name: string;
  /** File and line, or empty for what is native. */
  readonly place: string;
  /** Of the time that was not idle. */
  readonly share: number;
}

const shown = 30;

/** Runs our proxy alone, under load, and writes a CPU profile of each of its processes; returns where the time went, as a table for each. */
export async function profileScenario(
  scenario: Scenario,
  options: DataPlaneOptions & { readonly profile: string },
  envoyPath: string,
  progress: Progress,
): Promise<string> {
  const folder = join(resolve(options.profile), scenario.name);
  mkdirSync(folder, { recursive: true });
  const before = new Set(readdirSync(folder));
  const flags = ['--cpu-prof', `--cpu-prof-dir=${folder}`];
  await withBench(scenario, options, envoyPath, flags, async (place, start) => {
    const contender = await start(scenario.subjects.find(({ name }) => name === 'smi-mesh')!);
    await scenario.check(contender.name, contender.port, place.bench.host);
    await scenario.saturate(place.bench, contender, options.seconds);
  });
  const written = readdirSync(folder).filter((file) => file.endsWith('.cpuprofile') && !before.has(file));
  if (written.length === 0) throw new BenchFailure(`${scenario.name}: no profile was written to ${folder}`);
  return written
    .map((file) => {
      const path = join(folder, file);
      progress(`${scenario.name}: wrote ${path}`);
      return renderProfile(scenario.name, selfTimes(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile));
    })
    .join('\n\n');
}

/** Time in each function itself, the costliest first. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): readonly FunctionCost[] {
  const keys = new Map(nodes.map(({ id, callFrame }) => [id, keyOf(callFrame)]));
  const micros = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const key = keys.get(id) ?? '';
    const time = timeDeltas[index] ?? 0;
    if (key === '(idle)\t') continue;
    busy += time;
    micros.set(key, (micros.get(key) ?? 0) + time);
  }
  return [...micros]
    .sort(([, a], [, b]) => b - a)
    .map(([key, time]) => {
      const [name = '', place = ''] = key.split('\t');
      return { name, place, share: time / busy };
    });
}

function keyOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const file = url.split('/').slice(-2).join('/');
  return `${functionName || '(anonymous)'}\t${file === '' ? '' : `${file}:${lineNumber + 1}`}`;
}

function renderProfile(name: string, costs: readonly FunctionCost[]): string {
  const rows = costs
    .slice(0, shown)
    .map(({ name: called, place, share }) => [called, place, `${(share * 100).toFixed(1)} %`]);
  return [`${name}: where our proxy's time goes`, '', ...markdownTable([['function', 'where', 'self'], ...rows])].join(
    '\n',
  );
}
