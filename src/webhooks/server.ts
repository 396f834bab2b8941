import { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext } from 'node:tls';
import { err, ok, type Result } from '../lib/result.ts';
import { BodyBudget, withBody } from './body.ts';
import { Gate } from './gate.ts';

/** PEM: the chain with the leaf first, and its PKCS#8 key. */
export interface ServingCertificate {
  readonly certificateChain: string;
  readonly privateKey: string;
}

/**
 * Answers the parsed body of a call with the body of the answer. A rejection is answered with 500, which leaves the decision
 * to the failure policy of the webhook's configuration.
 */
export type Endpoint = (body: unknown) => Promise<Result<unknown, string>>;

/** What became of one call. */
export interface WebhookCall {
  readonly path: string;
  readonly outcome: 'answered' | 'refused' | 'overloaded' | 'failed';
  readonly seconds: number;
  /** Of a call that failed: what an endpoint threw, which is a bug. */
  readonly defect?: unknown;
}

export interface WebhookServerOptions {
  /** 0: any free port. */
  readonly port: number;
  /** All addresses when absent. */
  readonly host?: string;
  /** Without one no handshake succeeds until `useCertificate`. */
  readonly certificate?: ServingCertificate;
  /** By path: `/convert`. */
  readonly endpoints: Readonly<Record<string, EndpointOptions>>;
  readonly observe?: (call: WebhookCall) => void;
}

export interface EndpointOptions {
  readonly answer: Endpoint;
  /** Largest body that is read, in bytes. */
  readonly bodyLimit: number;
  /** So many calls are answered at once; others wait. */
  readonly concurrency: number;
}

export interface WebhookServer {
  readonly port: number;
  /** Whether there is a certificate to serve with. */
  readonly ready: boolean;
  /** When that certificate ends, in milliseconds since 1970; 0 without one. */
  readonly certificateExpiry: number;
  /** Serves new connections with this certificate; those that are open stay. What cannot be used changes nothing. */
  useCertificate(certificate: ServingCertificate): Result<undefined, string>;
  /** Ends the calls that are being answered within some seconds, and all others at once. */
  close(): Promise<void>;
}

/** Everything that waits, and how long, in milliseconds. */
const limits = {
  headers: 10_000,
  request: 30_000,
  /** Longer than the apiserver keeps idle connections, so that it is not the server that ends one just being used. */
  keepAlive: 120_000,
  queued: 8_000,
  drain: 5_000,
  connections: 512,
  waitingCalls: 512,
  /** Of all bodies in memory together. */
  bytes: 384 * 1024 * 1024,
} as const;

const minVersion = 'TLSv1.2';

/** Starts the HTTPS server of the webhooks; resolves once it listens. */
export async function startWebhookServer(options: WebhookServerOptions): Promise<WebhookServer> {
  const budget = new BodyBudget(limits.bytes);
  const routes = new Map(
    Object.entries(options.endpoints).map(([path, endpoint]) => [
      path,
      { ...endpoint, gate: new Gate(endpoint.concurrency, limits.waitingCalls, limits.queued) },
    ]),
  );
  const server = createServer({ minVersion, ...pem(options.certificate) }, (request, response) => {
    const path = new URL(request.url ?? '/', 'https://webhook').pathname;
    const route = routes.get(path);
    if (route === undefined) return send(response, 404, { message: `nothing is served at ${path}` });
    if (request.method !== 'POST') return send(response, 405, { message: 'only POST is answered' });
    const started = performance.now();
    void serve(request, response, route, budget).then(({ outcome, defect }) => {
      const seconds = (performance.now() - started) / 1000;
      options.observe?.({ path, outcome, seconds, ...(defect === undefined ? {} : { defect }) });
    });
  });
  server.headersTimeout = limits.headers;
  server.requestTimeout = limits.request;
  server.keepAliveTimeout = limits.keepAlive;
  server.maxConnections = limits.connections;
  // Handshakes that fail are the peer's affair, and would otherwise be thrown.
  server.on('tlsClientError', () => undefined);
  server.on('clientError', (_, socket) => socket.destroy());
  await listen(server, options);
  let used = options.certificate;
  return {
    port: (server.address() as AddressInfo).port,
    get ready() {
      return used !== undefined;
    },
    get certificateExpiry() {
      return used === undefined ? 0 : new X509Certificate(used.certificateChain).validToDate.getTime();
    },
    useCertificate(certificate) {
      try {
        const context = pem(certificate);
        createSecureContext(context);
        server.setSecureContext({ minVersion, ...context });
      } catch (error) {
        return err(error instanceof Error ? error.message : String(error));
      }
      used = certificate;
      return ok(undefined);
    },
    close: () => close(server),
  };
}

function pem(certificate: ServingCertificate | undefined): { cert?: string; key?: string } {
  return certificate === undefined ? {} : { cert: certificate.certificateChain, key: certificate.privateKey };
}

function listen(server: Server, { port, host }: WebhookServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      server.on('error', () => undefined);
      resolve();
    });
  });
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), limits.drain);
  await closed;
  clearTimeout(timer);
}

type Outcome = Pick<WebhookCall, 'outcome' | 'defect'>;

/** Reads, waits for its turn, answers. Never rejects. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, bodyLimit, gate }: EndpointOptions & { readonly gate: Gate },
  budget: BodyBudget,
): Promise<Outcome> {
  const refuse = (status: number, message: string): Outcome => {
    // What is left of the body is not read, so the connection cannot be used again.
    if (!request.complete) response.setHeader('connection', 'close');
    send(response, status, { message });
    return { outcome: status === 503 ? 'overloaded' : 'refused' };
  };
  try {
    return await withBody(request, bodyLimit, budget, async (body) => {
      if ('status' in body) return refuse(body.status, body.message);
      const leave = await gate.enter();
      if (leave === undefined) return refuse(503, 'too many calls at once');
      try {
        const parsed = parseJson(body.text);
        const answered = parsed.ok ? await answer(parsed.value) : parsed;
        if (!answered.ok) return refuse(400, answered.error);
        send(response, 200, answered.value);
        return { outcome: 'answered' };
      } finally {
        leave();
      }
    });
  } catch (defect) {
    send(response, 500, { message: 'the webhook failed' });
    return { outcome: 'failed', defect };
  }
}

function parseJson(text: string): Result<unknown, string> {
  try {
    return ok(JSON.parse(text) as unknown);
  } catch {
    return err('the body is not JSON');
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
