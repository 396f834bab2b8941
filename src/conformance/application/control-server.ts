import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type Call, makeCalls } from './calls.ts';
import type { Counters } from './counters.ts';

const largestBody = 1024 * 1024;
const mostCalls = 10_000;

/**
 * Where the runner reaches the application: `POST /call` makes the calls of its JSON list, one after the other, and answers what
 * came of each; `GET /counters` tells what was received, and `DELETE /counters` forgets it; `GET /ready` says whether the pod is.
 */
export function controlServer(pod: string, ready: boolean, counters: Counters): Server {
  return createServer((request, response) => {
    handle(request, counters, ready).then(
      ({ status, body }) => send(response, status, { pod, ...body }),
      (error: Error) => send(response, 400, { pod, error: error.message }),
    );
  });
}

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function handle(request: IncomingMessage, counters: Counters, ready: boolean): Promise<Reply> {
  switch (`${request.method} ${request.url}`) {
    case 'GET /ready':
      return { status: ready ? 200 : 503, body: { ready } };
    case 'GET /counters':
      return { status: 200, body: { counters: counters.toJSON() } };
    case 'DELETE /counters':
      counters.clear();
      return { status: 200, body: {} };
    case 'POST /call':
      return { status: 200, body: { results: await callAll(await bodyOf(request)) } };
    default:
      return { status: 404, body: { error: 'POST /call, GET or DELETE /counters, GET /ready' } };
  }
}

async function callAll(text: string): Promise<readonly unknown[]> {
  const calls = JSON.parse(text) as readonly Call[];
  if (!Array.isArray(calls)) throw new Error('the body is a list of calls');
  const total = calls.reduce((sum, { times }) => sum + times, 0);
  if (!Number.isInteger(total) || total < 0 || total > mostCalls)
    throw new Error(`at most ${mostCalls} calls at a time`);
  const results: unknown[] = [];
  for (const call of calls) results.push(await makeCalls(call));
  return results;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBody) throw new Error('the body is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
