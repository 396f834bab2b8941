import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { err, ok, type Result } from '../../lib/result.ts';
import type { Counted } from '../../telemetry/collect.ts';
import { type Ejection, type EjectionsAnswer, ejectionsPath } from '../../telemetry/ejections.ts';
import { telemetryPage } from '../../telemetry/pages.ts';
import type { TapHub } from '../../telemetry/tap.ts';
import { serveTap } from '../../telemetry/tap-endpoint.ts';

/** What is shown to whoever reaches the address of metrics, too. */
export interface MetricsSource {
  readonly counted: Counted;
  readonly ejections: () => readonly Ejection[];
}

/** What the admin endpoint shows. */
export interface AdminSource extends MetricsSource {
  readonly ready: () => boolean;
  /** Without private keys. */
  readonly config: () => unknown;
  readonly taps: TapHub;
}

export interface AdminServer {
  readonly address: string;
  readonly port: number;
  close(): void;
}

/** `/ready`, `/config`, `/metrics`, `/telemetry`, `/ejections` and `/tap`, on a loopback address only. */
export async function startAdmin(
  address: string,
  port: number,
  source: AdminSource,
): Promise<Result<AdminServer, string>> {
  if (!/^127\.|^::1$/.test(address)) return err(`the admin address ${address} is not a loopback address`);
  const stream: Stream = (path, request, response) => {
    if (path !== '/tap') return false;
    serveTap(source.taps, request, response);
    return true;
  };
  return serve('admin', address, port, (path, accept) => answer(path, accept, source), stream);
}

/** `/metrics`, `/telemetry` and `/ejections` and nothing else, for whoever reaches the address. */
export function startMetrics(
  { address, port }: { readonly address: string; readonly port: number },
  source: MetricsSource,
): Promise<Result<AdminServer, string>> {
  return serve('metrics', address, port, (path, accept) => {
    return metricsPage(path, accept, source) ?? [404, text, '/metrics /telemetry /ejections\n'];
  });
}

/** Answers a GET by itself, or says that it does not. */
type Stream = (path: string, request: http.IncomingMessage, response: http.ServerResponse) => boolean;
type Answer = readonly [status: number, type: string, body: string | Buffer];

async function serve(
  name: string,
  address: string,
  port: number,
  answerTo: (path: string, accept: string | undefined) => Answer,
  stream?: Stream,
): Promise<Result<AdminServer, string>> {
  const server = http.createServer({ requestTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    const { method = '', url = '' } = request;
    const reads = method === 'GET' || method === 'HEAD';
    const path = url.split('?', 1)[0]!;
    if (method === 'GET' && stream?.(path, request, response) === true) return;
    const [status, type, body] = reads ? answerTo(path, request.headers.accept) : [405, text, 'only GET\n'];
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(method === 'HEAD' ? '' : body);
  });
  server.maxConnections = 64;
  const failure = await new Promise<Error | undefined>((resolve) => {
    server.once('error', resolve);
    server.listen(port, address, () => resolve(undefined));
  });
  if (failure !== undefined) return err(`the ${name} address cannot be bound: ${failure.message}`);
  const bound = server.address() as AddressInfo;
  return ok({
    address: bound.address,
    port: bound.port,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  });
}

const text = 'text/plain; charset=utf-8';

function answer(path: string, accept: string | undefined, source: AdminSource): Answer {
  switch (path) {
    case '/ready':
      return source.ready() ? [200, text, 'ready\n'] : [503, text, 'not ready\n'];
    case '/config':
      return [200, 'application/json', `${JSON.stringify(source.config(), undefined, 2)}\n`];
    default:
      return metricsPage(path, accept, source) ?? [404, text, '/ready /config /metrics /telemetry /ejections /tap\n'];
  }
}

function metricsPage(
  path: string,
  accept: string | undefined,
  { counted, ejections }: MetricsSource,
): Answer | undefined {
  if (path === ejectionsPath) {
    const body: EjectionsAnswer = { workload: counted.workload, ejections: ejections() };
    return [200, 'application/json', JSON.stringify(body)];
  }
  const page = telemetryPage(path, accept, counted);
  return page && [200, page.type, page.body];
}
