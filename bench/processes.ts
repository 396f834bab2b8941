import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { BenchFailure } from './failure.ts';

/** A started program that listens on a loopback port. */
export interface Running {
  readonly pid: number;
  stop(): Promise<void>;
}

export interface Launch {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The cores that it may use, for `taskset -c`. */
  readonly cores: string;
  /** It counts as started once this port accepts connections. */
  readonly port: number;
}

const startLimitMillis = 20_000;
const stopLimitMillis = 5_000;

/** Starts a program pinned to its cores and waits until it listens; `taskset` replaces itself, so the pid is the program's. */
export async function launch(taskset: string, { name, command, args, cores, port }: Launch): Promise<Running> {
  const child = spawn(taskset, ['-c', cores, command, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-4000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', keep.bind(undefined, Buffer.from(`${command} could not be started`)));
  const running = () => child.exitCode === null && child.signalCode === null && child.pid !== undefined;
  if (!(await waitForPort(port, running))) {
    child.kill('SIGKILL');
    throw new BenchFailure(`${name} did not start listening on port ${port}\n${output.trimEnd()}`);
  }
  return { pid: child.pid ?? 0, stop: () => stop(child) };
}

/** Whether a program that was started accepts connections before it ends and within the limit. */
export async function waitForPort(port: number, running: () => boolean): Promise<boolean> {
  const deadline = Date.now() + startLimitMillis;
  while (Date.now() < deadline && running()) {
    if (await accepts(port)) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMillis);
  await ended;
  clearTimeout(timer);
}
