import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { BenchFailure } from './failure.ts';

const execute = promisify(execFile);

export interface LoadOptions {
  readonly wrk: string;
  readonly taskset: string;
  readonly cores: string;
  readonly port: number;
  readonly host: string;
  readonly seconds: number;
  readonly connections: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Millis: number;
  readonly p99Millis: number;
}

/** Closed-loop load over kept connections; a failed request or a status other than 2xx makes it a failure. */
export async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const { wrk, taskset, cores, port, host, seconds, connections } = options;
  const wrkArgs = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-H', `Host: ${host}`];
  const args = ['-c', cores, wrk, ...wrkArgs, `http://127.0.0.1:${port}/`];
  const { stdout } = await execute(taskset, args, { timeout: (seconds + 30) * 1000 });
  return parseWrk(stdout);
}

/** Reads the text that wrk 4 prints with `--latency`. */
export function parseWrk(text: string): LoadResult {
  const bad = /^\s*(Socket errors:.*|Non-2xx or 3xx responses:.*)$/m.exec(text)?.[1];
  if (bad !== undefined) throw new BenchFailure(`requests failed under load: ${bad}`);
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  const requestsPerSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  const result = { requests, requestsPerSecond, p50Millis: percentile(text, 50), p99Millis: percentile(text, 99) };
  if (!(requests > 0) || Object.values(result).some(Number.isNaN)) {
    throw new BenchFailure(`wrk printed something else than results:\n${text.trimEnd()}`);
  }
  return result;
}

const millisPerUnit: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

function percentile(text: string, rank: number): number {
  const found = new RegExp(`^\\s*${rank}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(text);
  return Number(found?.[1]) * (millisPerUnit[found?.[2] ?? ''] ?? Number.NaN);
}
