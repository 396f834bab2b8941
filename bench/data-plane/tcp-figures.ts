import { runProgram } from './load/program.ts';
import { type Contender, costOf } from './measure.ts';
import type { TcpLoadOptions, TcpLoadResult } from './programs/tcp-load.ts';
import type { Bench, Column, Figures } from './scenario.ts';

const gibibyte = 2 ** 30;

export const tcpColumns: readonly Column[] = [
  { key: 'cpuSecondsPerGiB', title: 'CPU s/GiB', digits: 3, ofProxy: true },
  { key: 'gibPerSecond', title: 'GiB/s', digits: 2 },
  { key: 'cpuMicrosPerConnection', title: 'CPU µs/connection', digits: 0, ofProxy: true },
  { key: 'connectionsPerSecond', title: 'connections/s', digits: 0 },
];

/** A few connections, on each as many bytes from the server as go through. */
export async function streamTcp(bench: Bench, contender: Contender, seconds: number): Promise<Figures> {
  const [{ count, seconds: taken }, cpuMicros] = await load(bench, contender, { what: 'bytes', seconds });
  const gibibytes = count / gibibyte;
  return { cpuSecondsPerGiB: cpuMicros / 1e6 / gibibytes, gibPerSecond: gibibytes / taken };
}

/** One connection after the other, a byte there and back on each. */
export async function connectTcp(bench: Bench, contender: Contender, seconds: number): Promise<Figures> {
  const [{ count, seconds: taken }, cpuMicros] = await load(bench, contender, { what: 'connections', seconds });
  return { cpuMicrosPerConnection: cpuMicros / count, connectionsPerSecond: count / taken };
}

function load(
  bench: Bench,
  contender: Contender,
  options: Omit<TcpLoadOptions, 'port'>,
): Promise<readonly [TcpLoadResult, number]> {
  const { port } = contender;
  return costOf(contender, () => runProgram<TcpLoadOptions, TcpLoadResult>(bench, 'tcp-load.ts', { ...options, port }));
}
