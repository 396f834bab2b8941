import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';
import type { Counted } from '../telemetry/collect.ts';
import { type Ejection, type EjectionsAnswer, ejectionsPath } from '../telemetry/ejections.ts';
import type { Exposition } from '../telemetry/exposition/negotiate.ts';
import { telemetryPage } from '../telemetry/pages.ts';
import type { TapHub } from '../telemetry/tap.ts';
import { serveTap } from '../telemetry/tap-endpoint.ts';
import { envoyEjections } from './ejections.ts';

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** What is shown, and where. */
export interface PagesOptions {
  /** Loopback only: `/metrics`, `/telemetry`, `/ejections`, `/tap`, and everything else as Envoy's own admin endpoint answers it. */
  readonly admin: Place;
  /** Envoy's own admin endpoint. */
  readonly envoy: Place;
  /** For whoever reaches them: `/metrics`, `/telemetry`, `/ejections`, and Envoy's own numbers at `/stats/prometheus`. */
  readonly metrics?: readonly Place[];
  readonly counted: Counted;
  readonly taps: TapHub;
}

const envoyStats = '/stats/prometheus';
const envoyMillis = 10_000;
const envoyClusters = '/clusters?format=json';
/** Less than whoever asks for ejections waits. */
const clustersMillis = 1_500;
const maxClusterBytes = 64 * 1024 * 1024;
const maxConnections = 64;
const text = { 'content-type': 'text/plain; charset=utf-8' };

/** Rejects when an address cannot be bound. The result closes all of them. */
export async function servePages(options: PagesOptions): Promise<() => void> {
  const { admin, envoy, metrics = [], taps, counted } = options;
  const own: OwnPages = { counted, ejections: together(async () => envoyEjections(await askEnvoy(envoy))) };
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
      else if (!ownPage(request, response, own)) passOn(request, response, envoy, request.url ?? '/');
    });
    for (const place of metrics) {
      await listen(place, (request, response) => {
        if (ownPage(request, response, own)) return;
        // Queries would be the admin endpoint's.
        if (reads(request) && pathOf(request) === envoyStats) passOn(request, response, envoy, envoyStats);
        else response.writeHead(404, text).end(`/metrics /telemetry ${ejectionsPath} ${envoyStats}\n`);
      });
    }
  } catch (error) {
    close();
    throw error;
  }
  return close;
}

interface OwnPages {
  readonly counted: Counted;
  readonly ejections: () => Promise<readonly Ejection[]>;
}

/** Of many who ask at once, one question, whose answer all of them get: Envoy's may be large. */
function together<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let underWay: Promise<Value> | undefined;
  return () => {
    underWay ??= ask().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}

function ownPage(request: IncomingMessage, response: ServerResponse, { counted, ejections }: OwnPages): boolean {
  if (!reads(request)) return false;
  const send = ({ type, body }: Exposition) => {
    response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(request.method === 'HEAD' ? '' : body);
  };
  if (pathOf(request) === ejectionsPath) {
    ejections()
      .then((found) => {
        const answer: EjectionsAnswer = { workload: counted.workload, ejections: found };
        send({ type: 'application/json', body: JSON.stringify(answer) });
      })
      .catch(() => response.writeHead(503, text).end('Envoy does not answer\n'));
    return true;
  }
  const page = telemetryPage(pathOf(request), request.headers.accept, counted);
  if (page !== undefined) send(page);
  return page !== undefined;
}

/** What Envoy says of its clusters. */
async function askEnvoy({ address, port }: Place): Promise<string> {
  const signal = AbortSignal.timeout(clustersMillis);
  const outgoing = sendRequest({ host: address, port, path: envoyClusters, agent: false, signal });
  outgoing.end();
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  answer.setEncoding('utf8');
  for await (const piece of answer) {
    body += piece;
    if (body.length > maxClusterBytes) throw new Error('too long an answer');
  }
  return body;
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
