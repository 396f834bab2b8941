import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCorrectness } from './correctness.ts';
import { BenchFailure } from './failure.ts';
import { runLoad } from './load.ts';
import type { Http1Options } from './options.ts';
import { freePort, launch, type Running } from './processes.ts';
import { usageOf } from './processor-time.ts';
import { makeReport, type Report, type Sample } from './report.ts';
import { direct } from './subjects/direct.ts';
import { envoy } from './subjects/envoy.ts';
import { haproxy } from './subjects/haproxy.ts';
import { nodeHttp } from './subjects/node-http.ts';
import { smiMesh } from './subjects/smi-mesh.ts';
import type { Subject, SubjectContext } from './subjects/subject.ts';
import { coreLists, findTools } from './tools.ts';
import { startUpstream } from './upstream.ts';

const subjects: readonly Subject[] = [direct, haproxy, envoy, smiMesh, nodeHttp];

/** The authority of every request. */
const host = 'upstream.bench';
const warmUpSeconds = 1;

interface Contender {
  readonly name: string;
  readonly port: number;
  /** Absent for `direct`. */
  readonly running?: Running;
}

/**
 * HTTP/1.1 with kept connections and small bodies through each subject in turn. All are started and proved correct
 * first, then measured A B C A B C, so that a noisy minute of the machine falls on all of them.
 */
export async function runHttp1(
  options: Http1Options,
  envoyPath: string,
  progress: (line: string) => void,
): Promise<Report> {
  const tools = findTools();
  const cores = coreLists();
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bench-'));
  const stops: (() => Promise<void>)[] = [];
  try {
    const upstream = await startUpstream(tools, folder, cores.others);
    stops.push(upstream.stop);
    const programs = { haproxy: tools.haproxy, envoy: envoyPath, node: process.execPath };
    const contenders: Contender[] = [];
    for (const subject of subjects) {
      const context = { folder, programs, host, upstreamPort: upstream.port };
      const contender = await start(subject, tools.taskset, cores.proxy, context);
      if (contender.running) stops.push(contender.running.stop);
      contenders.push(contender);
      const asked = await checkCorrectness(subject.name, contender.port, host);
      progress(`${subject.name}: ${asked} correctness requests passed`);
    }
    const load = (contender: Contender, seconds: number): Promise<Sample> =>
      measure(contender, { ...tools, cores: cores.others, host, seconds, connections: options.connections });
    return await takeTurns(contenders, options, load, progress);
  } finally {
    await Promise.all(stops.map((stop) => stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

type Given = Omit<SubjectContext, 'port' | 'adminPort'>;

async function start(subject: Subject, taskset: string, cores: string, given: Given): Promise<Contender> {
  const port = await freePort();
  const prepared = subject.prepare({ ...given, port, adminPort: await freePort() });
  if (prepared === 'direct') return { name: subject.name, port: given.upstreamPort };
  return { name: subject.name, port, running: await launch(taskset, { name: subject.name, cores, port, ...prepared }) };
}

async function takeTurns(
  contenders: readonly Contender[],
  { seconds, rounds }: Http1Options,
  load: (contender: Contender, seconds: number) => Promise<Sample>,
  progress: (line: string) => void,
): Promise<Report> {
  const samples = new Map<string, Sample[]>(contenders.map(({ name }) => [name, []]));
  for (const contender of contenders) await load(contender, warmUpSeconds);
  for (let round = 1; round <= rounds; round += 1) {
    for (const contender of contenders) {
      const sample = await load(contender, seconds);
      samples.get(contender.name)?.push(sample);
      const rate = Math.round(sample.requestsPerSecond);
      progress(
        `round ${round}/${rounds} ${contender.name}: ${sample.cpuMicrosPerRequest.toFixed(1)} µs/request, ${rate}/s`,
      );
    }
  }
  return makeReport('http1', samples);
}

async function measure(contender: Contender, load: Omit<Parameters<typeof runLoad>[0], 'port'>): Promise<Sample> {
  const usage = (): ReturnType<typeof usageOf> =>
    contender.running ? usageOf(contender.running.pid) : { cpuMicros: 0, rssBytes: 0 };
  const before = usage();
  const { requests, ...figures } = await runLoad({ ...load, port: contender.port }).catch((error: unknown) => {
    throw error instanceof BenchFailure ? new BenchFailure(`${contender.name}: ${error.message}`) : error;
  });
  const after = usage();
  return { ...figures, cpuMicrosPerRequest: (after.cpuMicros - before.cpuMicros) / requests, rssBytes: after.rssBytes };
}
