import { createServer, type Server as Http1Server, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Counters } from './counters.ts';
import { framed, unframed } from './grpc.ts';
import { delayHeader, longestDelayMillis, podHeader, resetHeader, statusHeader, targetHeader } from './identity.ts';

/** What an HTTP/2 client sends first (RFC 9113 section 3.4). */
const preface = 'PRI * HTTP/2.0';
const versionNotSupported = 505;

/**
 * A port that speaks HTTP/1.1, HTTP/2 in clear text and gRPC: it echoes what it saw as JSON, a gRPC message as it came. Headers
 * of the request ask for delays and failures.
 */
export function echoServer(pod: string, counters: Counters): Server {
  const http1 = http1Server(pod, counters);
  const http2 = http2Server(pod, counters);
  const sockets = new Set<Socket>();
  const server = createTcpServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      socket.pause();
      socket.unshift(first);
      const isHttp2 = first.subarray(0, preface.length).toString('latin1') === preface.slice(0, first.length);
      (isHttp2 ? http2 : http1).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  server.once('close', () => {
    for (const socket of sockets) socket.destroy();
  });
  return server;
}

function http1Server(pod: string, counters: Counters): Http1Server {
  return createServer({ keepAliveTimeout: 0 }, (request, response) => {
    counters.add('http', `${request.method} ${request.url}`);
    void afterDelay(request.headers[delayHeader]).then(() => answer(pod, request, response));
  });
}

function answer(pod: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = request;
  if (headers[resetHeader] !== undefined) {
    request.socket.destroy();
    return;
  }
  // gRPC has no form over HTTP/1.1: a server of it takes HTTP/2 alone.
  const isGrpc = headers['content-type']?.startsWith('application/grpc') === true;
  response.statusCode = isGrpc ? versionNotSupported : statusOf(headers[statusHeader]);
  response.setHeader(podHeader, pod);
  response.setHeader(targetHeader, JSON.stringify(url));
  response.setHeader('content-type', 'application/json');
  request.resume();
  response.end(method === 'HEAD' ? undefined : JSON.stringify({ pod, method, target: url, headers }));
}

function http2Server(pod: string, counters: Counters): Http2Server {
  const server = createHttp2Server();
  server.on('sessionError', () => undefined);
  server.on('stream', (stream, headers) => {
    const { ':path': path, ':method': method, 'content-type': type = '' } = headers;
    const isGrpc = type.startsWith('application/grpc');
    counters.add(isGrpc ? 'grpc' : 'http', isGrpc ? String(path) : `${method} ${path}`);
    stream.on('error', () => stream.destroy());
    void bodyOf(stream).then(async (body) => {
      await afterDelay(headers[delayHeader]);
      if (stream.destroyed) return;
      if (headers[resetHeader] !== undefined) stream.close();
      else if (isGrpc) answerGrpc(pod, stream, body, headers[statusHeader]);
      else answerStream(pod, stream, String(method), String(path), headers);
    });
  });
  return server;
}

function answerGrpc(pod: string, stream: ServerHttp2Stream, body: Buffer, status: string | string[] | undefined): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc', [podHeader]: pod }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status ?? '0') }));
  stream.end(framed(unframed(body)));
}

function answerStream(
  pod: string,
  stream: ServerHttp2Stream,
  method: string,
  target: string,
  headers: Readonly<Record<string, unknown>>,
): void {
  const status = statusOf(headers[statusHeader]);
  stream.respond({ ':status': status, [podHeader]: pod, [targetHeader]: JSON.stringify(target) });
  stream.end(method === 'HEAD' ? undefined : JSON.stringify({ pod, method, target, headers }));
}

async function bodyOf(stream: ServerHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk as Buffer);
  } catch {
    // The caller is gone, which `destroyed` says.
  }
  return Buffer.concat(chunks);
}

function statusOf(wanted: unknown): number {
  const status = Number(wanted ?? 200);
  return Number.isInteger(status) && status >= 200 && status < 600 ? status : 200;
}

async function afterDelay(wanted: unknown): Promise<void> {
  const millis = Math.min(Number(wanted ?? 0), longestDelayMillis);
  if (millis > 0) await new Promise((resolve) => setTimeout(resolve, millis));
}
