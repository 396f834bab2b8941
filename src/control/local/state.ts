import { createHash } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { homedir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { err, ok, type Result } from '../../lib/result.ts';

/** What one run of a local mesh owns: a private directory, and a range of loopback addresses `127.BASE.*.*`. */
export interface LocalState {
  readonly directory: string;
  readonly base: number;
  release(): Promise<void>;
}

export type StateProblem =
  | { readonly kind: 'taken'; readonly pid: number }
  | { readonly kind: 'unusable'; readonly reason: string }
  | { readonly kind: 'no-addresses'; readonly reason: string };

const lockPort = 15_099;
/** Bases that runs choose from; 127.0 belongs to everybody else. */
const firstBase = 32;
const bases = 200;
const askMillis = 1_000;

/**
 * Where the state of a folder is kept by default: the same folder has the same state whatever path leads to it, and its
 * authority's key stays out of what people copy and commit.
 */
export function defaultStateDirectory(folder: string, environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment.XDG_STATE_HOME || join(homedir(), '.local', 'state');
  const path = realpathSync(folder);
  return join(home, 'smi-mesh', `${basename(path)}-${digest(path)}`);
}

/**
 * Takes the directory (made if need be, mode 0700) and a free address range for this process. A directory that another
 * living run holds is refused; what a dead one left behind is taken over. The operating system gives both back when
 * the process ends, however it ends.
 */
export async function acquireState(path: string): Promise<Result<LocalState, StateProblem>> {
  // Sidecars run elsewhere: what they are told must not depend on this process's folder.
  const directory = resolve(path);
  const unusable = preparePrivate(directory);
  if (unusable !== undefined) return err({ kind: 'unusable', reason: unusable });
  const id = digest(realpathSync(directory));
  const range = await takeRange(id);
  if (!range.ok) return range;
  const { server, base } = range.value;
  const lock = join(directory, 'lock');
  const held = await takeLock(lock, { pid: process.pid, base, id });
  if (!held.ok) {
    await close(server);
    return held;
  }
  const release = async () => {
    rmSync(lock, { force: true });
    await close(server);
  };
  return ok({ directory, base, release });
}

function preparePrivate(directory: string): string | undefined {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { mode, uid } = statSync(directory);
    if (uid !== process.getuid?.()) return `${directory} belongs to another user`;
    if ((mode & 0o077) !== 0) return `${directory} is open to other users (mode ${(mode & 0o777).toString(8)})`;
    return undefined;
  } catch (cause) {
    return cause instanceof Error ? cause.message : String(cause);
  }
}

/** The listener's answer names its directory, so that a lock file can be told from a leftover. */
async function takeRange(id: string): Promise<Result<{ server: Server; base: number }, StateProblem>> {
  const start = Number.parseInt(id, 16) % bases;
  for (let step = 0; step < bases; step += 1) {
    const base = firstBase + ((start + step) % bases);
    const listening = await listen(`127.${base}.255.254`, id);
    if (listening.ok) return ok({ server: listening.value, base });
    if (listening.error !== 'EADDRINUSE') {
      return err({ kind: 'no-addresses', reason: `127.${base}.255.254 cannot be used: ${listening.error}` });
    }
  }
  return err({ kind: 'no-addresses', reason: 'every range is in use' });
}

interface Lock {
  readonly pid: number;
  readonly base: number;
  readonly id: string;
}

async function takeLock(path: string, mine: Lock): Promise<Result<void, StateProblem>> {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    // Twice: the second time after a leftover was removed.
    for (let attempt = 0; attempt < 2; attempt += 1) {
      if (linkOnce(draft, path)) return ok(undefined);
      const holder = readLock(path);
      if (holder !== undefined && (await isAlive(holder, mine.id))) return err({ kind: 'taken', pid: holder.pid });
      rmSync(path, { force: true });
    }
    return err({ kind: 'unusable', reason: `${path} cannot be taken` });
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Linking is atomic where writing is not: nobody sees a lock that is half written. */
function linkOnce(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch {
    return false;
  }
}

function readLock(path: string): Lock | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    const { pid, base, id } = value as Partial<Lock>;
    return typeof pid === 'number' && typeof base === 'number' && typeof id === 'string'
      ? { pid, base, id }
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ base }: Lock, id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: `127.${base}.255.254`, port: lockPort });
    let answer = '';
    const settle = (alive: boolean) => {
      socket.destroy();
      resolve(alive);
    };
    socket.setTimeout(askMillis, () => settle(false));
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      answer = (answer + text).slice(0, 64);
    });
    socket.once('end', () => settle(answer === id));
    socket.once('error', () => settle(false));
  });
}

function listen(address: string, id: string): Promise<Result<Server, string>> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(id);
    });
    server.once('error', (error: NodeJS.ErrnoException) => resolve(err(error.code ?? error.message)));
    server.listen({ host: address, port: lockPort }, () => resolve(ok(server)));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
