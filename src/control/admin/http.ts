import type { IncomingMessage, ServerResponse } from 'node:http';
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
  response.writeHead(answer.status, {
    'content-type': answer.type,
    'content-length': Buffer.byteLength(answer.body),
  });
  response.end(answer.body);
}
