import { type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { err, ok, type Result } from '../lib/result.ts';
import { isRecord } from '../lib/values.ts';
import { type ClusterFault, fault, sentence } from './fault.ts';

/** Largest answer that is read, in bytes; lists come in pages. */
const answerLimit = 64 * 1024 * 1024;

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  /** Whom to impersonate. */
  readonly as?: string;
  readonly contentType?: string;
  readonly body?: string;
  /** In milliseconds, until the whole answer is there; of `openAnswer`, until it begins. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
}

/** The parsed body of a 2xx answer. */
export async function ask(
  server: string,
  credentials: RequestOptions,
  request: ApiRequest,
): Promise<Result<unknown, ClusterFault>> {
  const late = new AbortController();
  // Counted from the start of the request: an answer that only trickles in must end too.
  const timer = setTimeout(
    () => late.abort(new Error(`no answer within ${request.timeout / 1000} s`)),
    request.timeout,
  );
  const signal = request.signal === undefined ? late.signal : AbortSignal.any([late.signal, request.signal]);
  try {
    const response = await begin(server, credentials, { ...request, signal });
    const text = await readAll(response);
    return answer(request, response, text);
  } catch (error) {
    return err(unreachable(server, signal.aborted ? signal.reason : error));
  } finally {
    clearTimeout(timer);
  }
}

/** An answer whose body is read as it comes. The caller destroys it. */
export async function openAnswer(
  server: string,
  credentials: RequestOptions,
  request: ApiRequest,
): Promise<Result<IncomingMessage, ClusterFault>> {
  const ended = new AbortController();
  const end = () => ended.abort(request.signal?.reason);
  if (request.signal?.aborted) end();
  request.signal?.addEventListener('abort', end, { once: true });
  const timer = setTimeout(
    () => ended.abort(new Error(`no answer within ${request.timeout / 1000} s`)),
    request.timeout,
  );
  try {
    const response = await begin(server, credentials, { ...request, signal: ended.signal });
    if (response.statusCode === 200) {
      response.once('close', () => request.signal?.removeEventListener('abort', end));
      return ok(response);
    }
    const failed = answer(request, response, await readAll(response));
    return failed.ok ? err(fault(`${described(request)} is answered with ${response.statusCode}`)) : failed;
  } catch (error) {
    request.signal?.removeEventListener('abort', end);
    return err(unreachable(server, ended.signal.aborted ? ended.signal.reason : error));
  } finally {
    clearTimeout(timer);
  }
}

function begin(server: string, credentials: RequestOptions, request: ApiRequest): Promise<IncomingMessage> {
  const base = server.endsWith('/') ? server : `${server}/`;
  const url = new URL(request.path.replace(/^\//, ''), base);
  const { method, body, accept = 'application/json', contentType = 'application/json', as, signal } = request;
  const headers = {
    ...credentials.headers,
    accept,
    ...(as === undefined ? {} : { 'impersonate-user': as }),
    ...(body === undefined ? {} : { 'content-type': contentType, 'content-length': String(Buffer.byteLength(body)) }),
  };
  const send = url.protocol === 'http:' ? plainRequest : tlsRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, { ...credentials, method, headers, ...(signal === undefined ? {} : { signal }) }, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > answerLimit) throw new Error(`its answer has more than ${answerLimit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function answer(request: ApiRequest, response: IncomingMessage, text: string): Result<unknown, ClusterFault> {
  const status = response.statusCode ?? 0;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return err(fault(`the apiserver answers ${described(request)} with ${status} and no JSON`, status));
  }
  if (status >= 200 && status < 300) return ok(body);
  const message = isRecord(body) && typeof body.message === 'string' ? body.message : 'no reason given';
  const found = fault(`the apiserver answers ${described(request)} with ${status}: ${message}`, status);
  const seconds = Number(response.headers['retry-after']);
  return err(seconds > 0 ? { ...found, retryAfter: Math.min(seconds, 60) * 1000 } : found);
}

function described({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function unreachable(server: string, error: unknown): ClusterFault {
  return fault(`the apiserver at ${server} cannot be reached: ${sentence(error)}`);
}
