import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';
import type { Counted } from '../telemetry/collect.ts';
import { telemetryPage } from '../telemetry/pages.ts';
import type { TapHub } from '../telemetry/tap.ts';
import { serveTap } from '../telemetry/tap-endpoint.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** What is shown, and where. */
export interface PagesOptions {
  /** Loopback only: `/metrics`, `/telemetry`, `/tap`, and everything else as Envoy's own admin endpoint answers it. */
  readonly admin: Place;
  /** Envoy's own admin endpoint. */
  readonly envoy: Place;
  /** For whoever reaches them: `/metrics`, `/telemetry`, and Envoy's own numbers at `/stats/prometheus`. */
  readonly metrics?: readonly Place[];
  readonly counted: Counted;
  readonly taps: TapHub;
}

const envoyStats = '/stats/prometheus';
const envoyMillis = 10_000;
const maxConnections = 64;
const text = { 'content-type': 'text/plain; charset=utf-8' };

/** Rejects when an address cannot be bound. The result closes all of them. */
export async function servePages(options: PagesOptions): Promise<() => void> {
  const { admin, envoy, metrics = [], counted, taps } = options;
  const servers: Server[] = [];
  const close = () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
  const listen = async (place: Place, answer: (request: IncomingMessage, response: ServerResponse) => void) => {
    const server = createServer({ requestTimeout: 5_000, maxHeaderSize: 8_192 }, answer);
    server.maxConnections = maxConnections;
    servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(place.port, place.address, resolve);
    });
  };
  try {
    await listen(admin, (request, response) => {
      const path = pathOf(request);
      if (path === '/tap' && request.method === 'GET') serveTap(taps, request, response);
      else if (!ownPage(request, response, counted)) passOn(request, response, envoy, request.url ?? '/');
    });
    for (const place of metrics) {
      await listen(place, (request, response) => {
        if (ownPage(request, response, counted)) return;
        // Queries would be the admin endpoint's.
        if (reads(request) && pathOf(request) === envoyStats) passOn(request, response, envoy, envoyStats);
        else response.writeHead(404, text).end(`/metrics /telemetry ${envoyStats}\n`);
      });
    }
  } catch (error) {
    close();
    throw error;
  }
  return close;
}

function ownPage(request: IncomingMessage, response: ServerResponse, counted: Counted): boolean {
  const page = reads(request) ? telemetryPage(pathOf(request), request.headers.accept, counted) : undefined;
  if (page === undefined) return false;
  response.writeHead(200, { 'content-type': page.type, 'content-length': Buffer.byteLength(page.body) });
  response.end(request.method === 'HEAD' ? '' : page.body);
  return true;
}

function passOn(request: IncomingMessage, response: ServerResponse, { address, port }: Place, path: string): void {
  const { method, headers } = request;
  const signal = AbortSignal.timeout(envoyMillis);
  const outgoing = sendRequest({ host: address, port, method, path, headers, agent: false, signal }, (answer) => {
    const { connection: _, 'transfer-encoding': __, ...fields } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, fields);
    answer.once('error', () => response.destroy());
    answer.pipe(response);
  });
  outgoing.once('error', () => {
    if (response.headersSent) response.destroy();
    else response.writeHead(503, text).end('Envoy does not answer\n');
  });
  response.once('close', () => outgoing.destroy());
  request.pipe(outgoing);
}

function reads({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0]!;
}
