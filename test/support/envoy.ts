import { execFile, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ensureEnvoy } from '../../scripts/envoy.mjs';

const execute = promisify(execFile);

export type EnvoyBinary =
  | { readonly path: string; readonly reason?: never }
  | { readonly path?: never; readonly reason: string };

/** The real Envoy, or why there is none. With `CI=true` a missing Envoy is a failure, so that no test is skipped unseen. */
export function envoyBinary(): EnvoyBinary {
  try {
    return { path: ensureEnvoy() };
  } catch (error) {
    if (process.env.CI === 'true') throw error;
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

export interface RunningEnvoy {
  /** What it wrote on standard error. */
  readonly log: () => string;
  /** Ends the process and waits until it has ended. */
  stop(): Promise<void>;
}

const readyMillis = 30_000;
const arguments_ = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'warning'];

/** Starts Envoy with a bootstrap (proto JSON) and waits until its listeners take connections. */
export async function startEnvoy(binary: string, bootstrap: unknown): Promise<RunningEnvoy> {
  const text = JSON.stringify(bootstrap);
  const child = spawn(binary, [...arguments_, '--config-yaml', text], { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      log += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const admin = adminOf(bootstrap);
  const deadline = Date.now() + readyMillis;
  while (!(await isLive(admin))) {
    const over = await Promise.race([ended.then(() => true), delay(25, false)]);
    if (over || Date.now() > deadline) {
      await stop();
      throw new Error(`Envoy did not become ready:\n${log}`);
    }
  }
  return { log: () => log, stop };
}

/** Lets Envoy check bootstraps, as `--mode validate`; returns what it says against one, or nothing. */
export async function validateBootstrap(binary: string, bootstrap: unknown): Promise<string | undefined> {
  const text = JSON.stringify(bootstrap);
  try {
    await execute(binary, [...arguments_, '--mode', 'validate', '--config-yaml', text], { timeout: readyMillis });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: string }).stderr || (error as Error).message);
  }
}

interface AdminAddress {
  readonly address: string;
  readonly portValue: number;
}

function adminOf(bootstrap: unknown): AdminAddress {
  return (bootstrap as { admin: { address: { socketAddress: AdminAddress } } }).admin.address.socketAddress;
}

async function isLive({ address, portValue }: AdminAddress): Promise<boolean> {
  try {
    const response = await fetch(`http://${address}:${portValue}/ready`, { signal: AbortSignal.timeout(5_000) });
    return response.status === 200;
  } catch {
    return false;
  }
}
