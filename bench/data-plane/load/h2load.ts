import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { promisify } from 'node:util';
import { BenchFailure } from '../../failure.ts';
import { type Percentiles, percentilesOf } from '../percentiles.ts';

const execute = promisify(execFile);

/** What every request of a load looks like. */
export interface RequestShape {
  readonly protocol: 'http1' | 'http2';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A file with the body; makes it a POST. */
  readonly bodyFile?: string;
}

export interface H2LoadOptions extends RequestShape {
  readonly h2load: string;
  readonly taskset: string;
  readonly cores: string;
  readonly scheme: 'http' | 'https';
  readonly port: number;
  readonly host: string;
  readonly seconds: number;
  /** Requests under way at any time: a connection each with HTTP/1.1, eight on a connection with HTTP/2. */
  readonly inFlight: number;
  /** Where the log of all requests may be kept meanwhile. */
  readonly folder: string;
}

export interface LoadResult extends Percentiles {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

const streamsPerConnection = 8;

/** Closed-loop load over kept connections; a failed request or a status other than 2xx makes it a failure. */
export async function runH2Load(options: H2LoadOptions): Promise<LoadResult> {
  const { taskset, cores, seconds, folder } = options;
  const log = `${folder}/h2load-${process.pid}.log`;
  try {
    const args = ['-c', cores, options.h2load, ...h2loadArgs(options, log)];
    const { stdout } = await execute(taskset, args, { timeout: (seconds + 30) * 1000 });
    return { ...parseH2Load(stdout), ...percentilesOf(parseLog(readFileSync(log, 'latin1'))) };
  } finally {
    rmSync(log, { force: true });
  }
}

function h2loadArgs(options: H2LoadOptions, log: string): readonly string[] {
  const { protocol, scheme, port, host, path, seconds, inFlight, headers = {}, bodyFile } = options;
  const streams = [
    '-c',
    String(Math.max(1, Math.round(inFlight / streamsPerConnection))),
    '-m',
    String(streamsPerConnection),
  ];
  const connections = protocol === 'http1' ? ['--h1', '-c', String(inFlight)] : streams;
  return [
    ...connections,
    ...['-D', String(seconds), `--log-file=${log}`, '-H', `:authority: ${host}`],
    ...Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(bodyFile === undefined ? [] : ['-d', bodyFile]),
    `${scheme}://127.0.0.1:${port}${path}`,
  ];
}

/** Reads what h2load 1.52 prints at its end. */
export function parseH2Load(text: string): Pick<LoadResult, 'requests' | 'requestsPerSecond'> {
  const counts = /^requests: .*? (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout$/m.exec(text);
  const requestsPerSecond = Number(/^finished in .*?, ([\d.]+) req\/s/m.exec(text)?.[1]);
  const [done = 0, succeeded = 0] = (counts ?? []).slice(1).map(Number);
  if (counts === null || Number.isNaN(requestsPerSecond) || done === 0) {
    throw new BenchFailure(`h2load printed something else than results:\n${text.trimEnd()}`);
  }
  if (succeeded !== done) throw new BenchFailure(`requests failed under load: ${counts[0]}`);
  return { requests: done, requestsPerSecond };
}

/** A line for each request: start, status, microseconds. */
function parseLog(text: string): readonly number[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : Number(line.slice(line.lastIndexOf('\t') + 1))));
}
