import { chmodSync, closeSync, openSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { err, ok, type Result } from '../../lib/result.ts';
import { askAdmin } from './ask.ts';
import type { AdminAnswer, AdminHandler } from './contract.ts';
import { answerHttp } from './http.ts';
import { openAdmin } from './open.ts';

/** The name of the socket in the state directory. */
const socketName = 'admin.sock';
/** `sun_path` of Linux holds so many bytes, the last of them zero (unix(7)). */
const maxPathBytes = 107;
const maxConnections = 64;
const maxHeadBytes = 8_192;
const headMillis = 5_000;
const askMillis = 1_000;

export interface AdminSocket {
  close(): Promise<void>;
}

/**
 * A path by which the socket of a directory can be bound and reached. Where the name is too long for the kernel, it is
 * named by way of an open descriptor of the directory, which must stay open as long as the path is used.
 */
function socketPath(directory: string): Result<{ readonly path: string; release(): void }, string> {
  const path = join(directory, socketName);
  if (Buffer.byteLength(path) <= maxPathBytes) return ok({ path, release: () => undefined });
  try {
    const descriptor = openSync(directory, 'r');
    const short = `/proc/self/fd/${descriptor}`;
    if (statSync(short, { throwIfNoEntry: false }) === undefined) {
      closeSync(descriptor);
      return err(`${path} is too long for a socket (${maxPathBytes} bytes), and there is no /proc to shorten it`);
    }
    return ok({ path: join(short, socketName), release: () => closeSync(descriptor) });
  } catch (cause) {
    return err(cause instanceof Error ? cause.message : String(cause));
  }
}

/**
 * Serves a handler as HTTP over a unix socket in a private directory. What a dead process left there is replaced; a
 * living one keeps it.
 */
export async function serveSocket(directory: string, handler: AdminHandler): Promise<Result<AdminSocket, string>> {
  const found = socketPath(directory);
  if (!found.ok) return found;
  const { path, release } = found.value;
  const refuse = (reason: string) => {
    release();
    return err(reason);
  };
  if (await isAnswered(path)) return refuse(`another process answers at ${join(directory, socketName)}`);
  rmSync(path, { force: true });
  const server = createServer(
    { requestTimeout: headMillis, headersTimeout: headMillis, maxHeaderSize: maxHeadBytes },
    (request, response) => void answerHttp(handler, request, response),
  );
  server.maxConnections = maxConnections;
  const failure = await new Promise<Error | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(path, () => resolve(undefined));
  });
  if (failure !== undefined) return refuse(failure.message);
  chmodSync(path, 0o600);
  return ok({
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          release();
          resolve();
        });
        server.closeAllConnections();
      }),
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(askMillis, () => settle(true));
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

/** Asks the control plane of a state directory; the error says why it does not answer. */
export async function askSocket(
  directory: string,
  target: string,
  timeoutMillis: number,
): Promise<Result<AdminAnswer, string>> {
  const found = socketPath(directory);
  if (!found.ok) return found;
  const { path, release } = found.value;
  try {
    return ok(await askAdmin({ socketPath: path, agent: false }, target, timeoutMillis));
  } catch (cause) {
    return err(reasonOf(cause, directory));
  } finally {
    release();
  }
}

/** The same for an answer that is read as it comes; rejects when none begins. */
export async function openSocket(directory: string, target: string, signal: AbortSignal): Promise<IncomingMessage> {
  const found = socketPath(directory);
  if (!found.ok) throw new Error(found.error);
  const { path, release } = found.value;
  try {
    return await openAdmin({ socketPath: path, agent: false }, target, signal);
  } catch (cause) {
    throw new Error(reasonOf(cause, directory));
  } finally {
    release();
  }
}

function reasonOf(cause: unknown, directory: string): string {
  const { code, name, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `no control plane has its state in ${directory}`;
  if (code === 'ECONNREFUSED') return `the control plane with its state in ${directory} is not running`;
  return name === 'TimeoutError' || name === 'AbortError' ? 'it does not answer in time' : message;
}
