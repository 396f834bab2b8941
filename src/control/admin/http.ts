import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { AdminHandler } from './contract.ts';

/** Answers one request over HTTP. */
export async function answerHttp(
  handler: AdminHandler,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { pathname, searchParams } = new URL(`http://socket${request.url ?? '/'}`);
  const answer = await handler({
    method: request.method ?? '',
    path: pathname,
    query: searchParams,
    gone: gone.signal,
  });
  if (response.destroyed) return;
  const head = { ...answer.headers, 'content-type': answer.type };
  if (answer.stream === undefined) {
    response.writeHead(answer.status, { ...head, 'content-length': Buffer.byteLength(answer.body) });
    response.end(answer.body);
    return;
  }
  response.writeHead(answer.status, head);
  // Whoever has gone has ended the stream too.
  await pipeline(Readable.from(answer.stream), response).catch(() => undefined);
}
