import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Session } from '../api/contract.ts';
import { assetAt, pageHeaders } from './assets.ts';
import { refusalOf } from './guard.ts';
import type { Editor, EditProblem, Upstream } from './upstream.ts';
import { parseWeightChange } from './weight-change.ts';

export interface DashboardOptions {
  readonly upstream: Upstream;
  /** In people's words: a folder or a cluster. */
  readonly mesh: string;
  /** Present: weights can be moved by whoever has the token. */
  readonly editor?: Editor;
  /** On 127.0.0.1; taken ones are passed over as long as the next is one of `spare`, 0 takes a free one. */
  readonly port: number;
  readonly spare?: number;
}

export interface Dashboard {
  /** Where the page is; it carries the token, if there is one, where browsers send it nowhere. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const host = '127.0.0.1';
const headMillis = 5_000;
const maxHeadBytes = 16_384;
const maxConnections = 128;
const maxBodyBytes = 65_536;

/** What is passed on to the control plane as it is. */
const passedOn = /^\/(?:api\/|proxies(?:\/|$)|rollouts$|diff\/|traffic$|tap$|apis\/metrics\.smi-spec\.io(?:\/|$))/;

/** Serves the page and its data on the loopback interface. Rejects when no port can be bound. */
export async function serveDashboard(options: DashboardOptions): Promise<Dashboard> {
  const token = options.editor === undefined ? undefined : randomBytes(24).toString('base64url');
  const server = createServer(
    { requestTimeout: headMillis, headersTimeout: headMillis, maxHeaderSize: maxHeadBytes },
    (request, response) => {
      answer(options, token, request, response).catch(() => response.destroy());
    },
  );
  server.maxConnections = maxConnections;
  const port = await bind(server, options.port, options.spare ?? 0);
  return {
    url: `http://${host}:${port}/${token === undefined ? '' : `#token=${token}`}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bind(server: ReturnType<typeof createServer>, port: number, spare: number): Promise<number> {
  for (let candidate = port; ; candidate += 1) {
    const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(candidate, host, () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (failure === undefined) return (server.address() as AddressInfo).port;
    if (failure.code !== 'EADDRINUSE' || candidate >= port + spare) throw failure;
  }
}

async function answer(
  options: DashboardOptions,
  token: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = refusalOf(request.headers);
  if (refusal !== undefined) return sendProblem(response, 403, refusal);
  const { pathname, search } = new URL(`http://page${request.url ?? '/'}`);
  if (request.method === 'POST') return await change(options, token, pathname, request, response);
  if (request.method !== 'GET' && request.method !== 'HEAD') return sendProblem(response, 405, 'only GET and POST');
  if (pathname === '/api/session') {
    const session: Session = { mesh: options.mesh, edit: options.editor !== undefined };
    return await send(request, response, 200, 'application/json', `${JSON.stringify(session)}\n`);
  }
  const asset = assetAt(pathname);
  if (asset !== undefined) return await send(request, response, 200, asset.type, asset.text);
  if (!passedOn.test(pathname)) return sendProblem(response, 404, 'there is no such page');
  await passOn(options.upstream, `${pathname}${search}`, response);
}

async function passOn(upstream: Upstream, target: string, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const opened = await upstream.open(target, gone.signal).catch((error: Error) => error);
  if (response.destroyed) return;
  if (opened instanceof Error)
    return sendProblem(response, 502, `the control plane does not answer: ${opened.message}`);
  response.writeHead(opened.status, { ...pageHeaders, 'content-type': opened.type });
  response.flushHeaders();
  await pipeline(opened.body, response).catch(() => undefined);
}

async function change(
  { editor }: DashboardOptions,
  token: string | undefined,
  pathname: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [, namespace, name] = /^\/api\/splits\/([^/]+)\/([^/]+)$/.exec(pathname) ?? [];
  if (namespace === undefined || name === undefined) return sendProblem(response, 404, 'there is no such page');
  if (editor === undefined || token === undefined) return sendProblem(response, 403, 'nothing can be changed here');
  // A browser names the origin of whatever writes.
  if (request.headers.origin === undefined) return sendProblem(response, 403, 'only from the page itself');
  if (!isToken(request.headers.authorization, token))
    return sendProblem(response, 401, 'the token is missing or wrong');
  const body = await readBody(request);
  const parsed = body === undefined ? undefined : parseWeightChange(body);
  if (parsed === undefined) return sendProblem(response, 413, `more than ${maxBodyBytes} bytes`);
  if (!parsed.ok) return sendProblem(response, 400, parsed.error);
  const done = await editor.setWeights(`${namespace}/${name}`, parsed.value);
  if (!done.ok) return sendProblem(response, statuses[done.error.kind], done.error.text);
  await send(request, response, 200, 'application/json', '{}\n');
}

const statuses: Readonly<Record<EditProblem['kind'], number>> = { unknown: 404, stale: 409, invalid: 400, failed: 500 };

function isToken(authorization: string | undefined, token: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(authorization ?? ''), digest(`Bearer ${token}`));
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBodyBytes) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

const compress = promisify(gzip);

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  type: string,
  text: string,
): Promise<void> {
  const plain = Buffer.from(text);
  const small = plain.length < 1_024 || !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  const body = small ? plain : await compress(plain);
  response.writeHead(status, {
    ...pageHeaders,
    ...(small ? {} : { 'content-encoding': 'gzip', vary: 'accept-encoding' }),
    'content-type': type,
    'content-length': body.length,
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

function sendProblem(response: ServerResponse, status: number, error: string): void {
  const body = `${JSON.stringify({ error })}\n`;
  response.writeHead(status, {
    ...pageHeaders,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
