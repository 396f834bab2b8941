import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { xdsBenchVersions } from '../../scripts/xds-bench.mjs';
import { type IdentityFiles, writeIdentities } from '../data-plane/identities.ts';
import { BenchFailure } from '../failure.ts';
import { median } from '../median.ts';
import { coreLists, findTool } from '../tools.ts';
import { Contender, type XdsPlace } from './contender.ts';
import { type Fixture, writeFixture } from './fixture.ts';
import type { XdsBenchOptions } from './options.ts';
import type { Program } from './program.ts';
import { type XdsSubject, xdsSubjects } from './subjects.ts';

/** What was measured of a server; medians over the rounds but for the latencies, which are of all changes. */
export interface XdsFigures {
  readonly subject: string;
  readonly p50Millis: number;
  readonly p99Millis: number;
  readonly changes: number;
  readonly cpuMicrosPerPush: number;
  /** Of one change to all clients. */
  readonly cpuSecondsPerChange: number;
  readonly bytesPerPush: number;
  readonly rssMiB: number;
  readonly firstSeconds: number;
  readonly firstCpuSeconds: number;
  readonly firstMiBPerClient: number;
}

export interface XdsMeasurement {
  readonly clients: number;
  readonly services: number;
  readonly endpoints: number;
  readonly figures: readonly XdsFigures[];
}

export interface XdsReport {
  readonly name: 'xds';
  /** What was run, as `NAME VERSION`. */
  readonly versions: readonly string[];
  readonly wildcard: boolean;
  readonly tls: boolean;
  /** By number of clients. */
  readonly fleets: readonly XdsMeasurement[];
  /** By number of services. */
  readonly meshes: readonly XdsMeasurement[];
}

type Progress = (line: string) => void;

const endpointsPerService = 10;
/** Over meshes of several sizes: what a push costs is measured, so a few do. */
const meshClients = 50;
/** Programs that compile what is hot are as fast as they get after about so many pushes. */
const warmPushes = 20_000;

export async function runXds(options: XdsBenchOptions, goProgram: string, progress: Progress): Promise<XdsReport> {
  const subjects = chosen(xdsSubjects(goProgram, options.profile), options);
  if (options.profile !== undefined) mkdirSync(options.profile, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'smi-mesh-bench-'));
  try {
    const place = await placeIn(folder, goProgram, options.tls);
    const fleets: XdsMeasurement[] = [];
    const meshes: XdsMeasurement[] = [];
    const fixtureOf = (services: number): Fixture => {
      const fixture = writeFixture(goProgram, join(folder, `mesh-${services}`), services, endpointsPerService);
      progress(`xds: ${services} services are ${fixture.resources} resources for each client`);
      return fixture;
    };
    const fixture = fixtureOf(options.services);
    for (const clients of options.clients) {
      fleets.push(await measure(subjects, place, fixture, clients, options, progress));
    }
    const quick = subjects.filter(({ slow }) => slow !== true);
    for (const services of quick.length === 0 ? [] : options.meshes) {
      meshes.push(await measure(quick, place, fixtureOf(services), meshClients, options, progress));
    }
    const { goControlPlane, grpcGo, go } = xdsBenchVersions();
    const versions = [
      `Node ${process.versions.node}`,
      `go-control-plane ${goControlPlane}`,
      `grpc-go ${grpcGo}`,
      `Go ${go} or newer`,
    ];
    return { name: 'xds', versions, wildcard: options.wildcard, tls: options.tls, fleets, meshes };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function placeIn(folder: string, goProgram: string, tls: boolean): Promise<XdsPlace> {
  const cores = coreLists();
  const place = { taskset: findTool('taskset'), cores: { server: cores.proxy, clients: cores.others }, goProgram };
  if (!tls) return { ...place, identities: undefined };
  const { authority, client, server } = await writeIdentities(folder);
  const files = ({ certificate, key }: IdentityFiles): string => [certificate, key, authority].join(',');
  return { ...place, identities: { server: files(server), client: files(client) } };
}

function chosen(subjects: readonly XdsSubject[], { subjects: wanted }: XdsBenchOptions): readonly XdsSubject[] {
  const found = wanted === undefined ? subjects : subjects.filter(({ name }) => wanted.includes(name));
  if (found.length > 0) return found;
  throw new BenchFailure(`xds: none of its subjects: ${subjects.map(({ name }) => name).join(', ')}`);
}

/** All servers are started and have loaded their clients, then they take turns: what disturbs the machine falls on all. */
async function measure(
  subjects: readonly XdsSubject[],
  place: XdsPlace,
  fixture: Fixture,
  clients: number,
  { seconds, rounds, wildcard }: XdsBenchOptions,
  progress: Progress,
): Promise<XdsMeasurement> {
  const programs: Program[] = [];
  try {
    const contenders: Contender[] = [];
    for (const subject of subjects) {
      const contender = await Contender.start(subject, place, fixture, clients, wildcard, (p) => programs.push(p));
      contenders.push(contender);
      progress(`xds: ${contender.name}: ${clients} clients have the same ${fixture.resources} resources`);
    }
    const limit = { millis: seconds * 1000, changes: Number.POSITIVE_INFINITY };
    for (const contender of contenders) {
      await contender.change({ millis: 3 * limit.millis, changes: Math.ceil(warmPushes / clients) });
    }
    const rows = contenders.map((contender) => ({ contender, samples: [] as Sample[] }));
    for (let round = 1; round <= rounds; round += 1) {
      for (const { contender, samples } of rows) {
        const changes = await contender.change(limit);
        const sample = { ...changes, rssBytes: contender.rssBytes };
        samples.push(sample);
        const cpu = (sample.cpuMicros / sample.pushes).toFixed(1);
        progress(`xds: round ${round}/${rounds} ${contender.name}: ${sample.micros.length} changes, ${cpu} µs/push`);
      }
    }
    const { services } = fixture;
    return { clients, services, endpoints: services * endpointsPerService, figures: rows.map(figuresOf) };
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
  }
}

type Sample = Awaited<ReturnType<Contender['change']>> & { readonly rssBytes: number };

function figuresOf({ contender, samples }: { contender: Contender; samples: readonly Sample[] }): XdsFigures {
  const micros = samples.flatMap((sample) => sample.micros).sort((a, b) => a - b);
  const at = (share: number): number => (micros[Math.ceil(micros.length * share) - 1] ?? Number.NaN) / 1000;
  const of = (figure: (sample: Sample) => number): number => median(samples.map(figure));
  return {
    subject: contender.name,
    p50Millis: at(0.5),
    p99Millis: at(0.99),
    changes: micros.length,
    cpuMicrosPerPush: of(({ cpuMicros, pushes }) => cpuMicros / pushes),
    cpuSecondsPerChange: of(({ cpuMicros, micros: changes }) => cpuMicros / changes.length / 1e6),
    bytesPerPush: of(({ bytes, pushes }) => bytes / pushes),
    rssMiB: of(({ rssBytes }) => rssBytes / 2 ** 20),
    firstSeconds: contender.first.seconds,
    firstCpuSeconds: contender.first.cpuSeconds,
    firstMiBPerClient: contender.first.bytesPerClient / 2 ** 20,
  };
}
