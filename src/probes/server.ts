import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { healthPaths } from '../kubernetes/names.ts';
import { drained } from './drained.ts';
import { performProbe } from './perform.ts';
import { programsEnded } from './programs.ts';
import { type ProbeKind, type ProbeTable, probeKey, probeKinds } from './table.ts';

export interface HealthServerOptions {
  readonly port: number;
  /** Of the pod, the first of which the kubelet would ask. */
  readonly addresses: readonly string[];
  readonly probes: ProbeTable;
  /** How long the pod has to end. */
  readonly graceSeconds: number;
  /** Whether the sidecar carries traffic. */
  readonly ready: () => boolean | Promise<boolean>;
  /** Whether what the Envoy of the pod starts from is there. */
  readonly started: () => boolean;
  /** How many requests and connections have come to the pod so far, where that can be told. */
  readonly arrivals: () => Promise<number | undefined>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Anybody in the cluster may ask: nothing changes by it, and what can be held back is bounded. */
const limits = {
  connections: 1_024,
  headerMillis: 5_000,
  /** Questions that are being answered at once. */
  answering: 128,
  /** Of them, those that wait for something to happen. */
  waiting: 16,
  waitMillis: 60_000,
  askAgainMillis: 100,
  /** Before the pod's time is over: for the sidecar's own end. */
  reserveSeconds: 5,
  quietMillis: 3_000,
  /** How long a pod that is deleted is kept for callers that do not know it yet; never for more than half of its time. */
  drainMillis: { least: 3_000, quiet: 1_500, most: 15_000 },
} as const;

/** Serves the readiness of a sidecar, and performs the probes of the pod's containers in place of the kubelet. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const stopped = new AbortController();
  const counts = { answering: 0, waiting: 0 };
  const server = createServer({ headersTimeout: limits.headerMillis, keepAlive: false }, (request, response) => {
    const kind = waits(request) ? 'waiting' : 'answering';
    if (counts[kind] >= limits[kind]) return send(response, 503, 'too many questions at once');
    counts[kind] += 1;
    response.once('close', () => {
      counts[kind] -= 1;
    });
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    const signal = AbortSignal.any([closed.signal, stopped.signal]);
    answer(request, options, signal).then(
      ({ status, message }) => send(response, status, message),
      () => send(response, 500, 'failed'),
    );
  });
  server.maxConnections = limits.connections;
  await listen(server, options.port);
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      stopped.abort();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}

interface Answer {
  readonly status: number;
  readonly message: string;
}

function pathOf({ url = '/' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '/';
}

const waitingPaths: ReadonlySet<string> = new Set([healthPaths.wait, healthPaths.drained, healthPaths.ended]);

function waits(request: IncomingMessage): boolean {
  return waitingPaths.has(pathOf(request));
}

async function answer(request: IncomingMessage, options: HealthServerOptions, signal: AbortSignal): Promise<Answer> {
  const path = pathOf(request);
  switch (path) {
    case healthPaths.ready:
      return verdict(await options.ready());
    case healthPaths.started:
      return verdict(options.started());
    case healthPaths.wait:
      return verdict(await becomesReady(options, signal));
    case healthPaths.drained: {
      const { least, quiet, most } = limits.drainMillis;
      const limitMillis = Math.min(most, options.graceSeconds * 500);
      const { arrivals } = options;
      await drained({ arrivals, leastMillis: least, quietMillis: quiet, limitMillis, signal });
      return { status: 200, message: 'drained' };
    }
    case healthPaths.ended: {
      const seconds = Math.max(1, options.graceSeconds - limits.reserveSeconds);
      await programsEnded({ limitMillis: seconds * 1_000, quietMillis: limits.quietMillis, signal });
      return { status: 200, message: 'ended' };
    }
    default:
      return relay(path, request.headers['user-agent'] ?? 'kube-probe', options);
  }
}

function verdict(good: boolean): Answer {
  return good ? { status: 200, message: 'ready' } : { status: 503, message: 'not ready' };
}

async function becomesReady({ ready }: HealthServerOptions, signal: AbortSignal): Promise<boolean> {
  const end = performance.now() + limits.waitMillis;
  while (!signal.aborted && performance.now() < end) {
    if (await ready()) return true;
    await pause(limits.askAgainMillis, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

async function relay(path: string, userAgent: string, { probes, addresses }: HealthServerOptions): Promise<Answer> {
  const [, , container = '', kind = ''] = path.startsWith('/probe/') ? path.split('/') : [];
  const known = probeKinds.find((candidate) => candidate === kind);
  const key = known === undefined ? '' : probeKey(container, known satisfies ProbeKind);
  const probe = Object.hasOwn(probes, key) ? probes[key] : undefined;
  const [address] = addresses;
  if (probe === undefined || address === undefined) return { status: 404, message: 'there is no such probe' };
  return performProbe(probe, address, userAgent);
}

function send(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' });
  response.end(`${message}\n`);
}

/** On both stacks where there are both. */
async function listen(server: Server, port: number): Promise<void> {
  try {
    await listenAt(server, port, '::');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAFNOSUPPORT' && code !== 'EADDRNOTAVAIL') throw error;
    await listenAt(server, port, '0.0.0.0');
  }
}

function listenAt(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
