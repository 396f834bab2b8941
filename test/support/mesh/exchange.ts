import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import type { Svid } from '../../../src/identity/authority.ts';
import { octets } from '../../../src/lib/re2.ts';
import { interceptedAddress } from '../../../src/model/hosts.ts';
import type { MeshModel, Workload } from '../../../src/model/types.ts';
import type { CaseRequest, HttpTraffic } from './cases.ts';
import type { Credentials } from './credentials.ts';
import { datagram } from './datagrams.ts';
import { echoTarget, echoWorkload } from './echo.ts';
import type { Answer } from './expectation.ts';
import { RawClient } from './http-client.ts';
import type { Plane } from './planes.ts';
import { peerAddress, serviceOf } from './reference.ts';

/** What a data plane did with one request. */
export interface Observation {
  readonly answer: Answer;
  /** The workload whose program answered. */
  readonly workload?: string;
  /** The request target that it saw. */
  readonly seen?: string;
  /** Why there was no answer. */
  readonly reason?: string;
}

/** The request header whose value takes the place of randomness. */
export const randomHeader = 'x-test-random';

const connectMillis = 10_000;

/** Speaks to the sidecars of a running mesh as client programs and as peers do; keeps connections between requests. */
export class Exchange {
  readonly #model: MeshModel;
  readonly #credentials: Credentials;
  readonly #plane: Pick<Plane, 'refusedFlows'>;
  readonly #clients = new Map<string, RawClient>();

  constructor(model: MeshModel, credentials: Credentials, plane: Pick<Plane, 'refusedFlows'>) {
    this.#model = model;
    this.#plane = plane;
    this.#credentials = credentials;
  }

  async send(request: CaseRequest, random: number | undefined): Promise<Observation> {
    const open = () => this.#connect(request);
    const { traffic } = request;
    if (traffic.kind === 'udp') return this.#datagram(request);
    if (traffic.kind !== 'http') return greeting(open);
    const key = JSON.stringify(
      request.direction === 'outbound'
        ? [request.from, request.to]
        : [request.peer, request.credential, request.source, request.workload, request.port],
    );
    const client = this.#clients.get(key) ?? new RawClient(open);
    this.#clients.set(key, client);
    const host = request.direction === 'outbound' ? request.to.host : `peer-of-${request.port}`;
    const { method, path } = traffic;
    const response = await client.send({ method, path, headers: headerLines(traffic, host, random) });
    if (response.kind === 'ended') return { answer: 'refused', reason: response.reason };
    const workload = response.headers.get(echoWorkload);
    const target = response.headers.get(echoTarget);
    return {
      answer: response.status,
      ...(workload === undefined ? {} : { workload }),
      ...(target === undefined ? {} : { seen: JSON.parse(target) as string }),
    };
  }

  async #datagram(request: CaseRequest): Promise<Observation> {
    if (request.direction !== 'outbound') throw new Error(`${request.place}: datagrams are sent by programs only`);
    const { from, to } = request;
    const client = workloadOf(this.#model, from);
    return datagram(() => this.#plane.refusedFlows(client), listenerOf(this.#model, from, to, true));
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  async #connect(request: CaseRequest): Promise<Socket> {
    if (request.direction === 'outbound') {
      const { address, port } = listenerOf(this.#model, request.from, request.to, false);
      return plain(address, port);
    }
    const workload = workloadOf(this.#model, request.workload);
    const address = workload.addresses[0] ?? '';
    const port = workload.ports.find((candidate) => candidate.port === request.port)?.meshPort;
    if (port === undefined) throw new Error(`${request.place}: ${request.workload} has no port ${request.port}`);
    if (request.credential === 'plain-text') return plain(address, port);
    const svid = await this.#credentials.of(request.peer, request.credential);
    const { trustBundle } = await this.#credentials.issued(workload.identity);
    const source = peerAddress(this.#model, request.source);
    return secure(address, port, source, workload, trustBundle, svid, request.traffic.kind === 'http');
  }
}

/** Where the client's sidecar takes connections or datagrams to a service port. */
function listenerOf(model: MeshModel, from: string, to: { host: string; port: number }, udp: boolean) {
  const client = workloadOf(model, from);
  const { outbound } = client;
  if (outbound === 'intercepted') return { address: interceptedAddress(client), port: to.port };
  const service = serviceOf(model, from, to.host);
  const binding = outbound.find(
    (candidate) => candidate.service === service && candidate.port === to.port && (candidate.udp === true) === udp,
  );
  if (binding === undefined) throw new Error(`${from} has no listener for ${service}:${to.port}`);
  return binding.listen;
}

function workloadOf(model: MeshModel, id: string): Workload {
  const found = Object.values(model.workloads).find((workload) => workload.id === id);
  if (found === undefined) throw new Error(`no workload is called ${id}`);
  return found;
}

function headerLines({ method, headers }: HttpTraffic, host: string, random: number | undefined) {
  const lines: [string, string][] = [];
  const hasHost = Object.keys(headers).some((name) => name.toLowerCase() === 'host');
  if (!hasHost) lines.push(['Host', host]);
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : value) lines.push([name, octets(one)]);
  }
  if (random !== undefined) lines.push([randomHeader, String(random)]);
  if (['POST', 'PUT', 'PATCH'].includes(method)) lines.push(['Content-Length', '0']);
  return lines;
}

function plain(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port });
  return connected(socket, 'connect');
}

function secure(
  host: string,
  port: number,
  localAddress: string,
  workload: Workload,
  trustBundle: string,
  svid: Svid | undefined,
  http: boolean,
): Promise<TLSSocket> {
  const options: ConnectionOptions & { readonly localAddress: string } = {
    host,
    port,
    localAddress,
    ca: trustBundle,
    ...(svid === undefined ? {} : { cert: svid.certificateChain, key: svid.privateKey }),
    ...(http ? { ALPNProtocols: ['http/1.1'] } : {}),
    minVersion: 'TLSv1.2',
    checkServerIdentity: (_, { subjectaltname }) =>
      subjectaltname === `URI:${workload.identity}` ? undefined : new Error(`the server is ${subjectaltname}`),
  };
  return connected(connectTls(options), 'secureConnect');
}

function connected<T extends Socket>(socket: T, event: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => socket.destroy(new Error('no connection in time')), connectMillis);
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed')));
    socket.once(event, () => {
      clearTimeout(timer);
      resolve(socket);
    });
    socket.once('close', () => clearTimeout(timer));
  });
}

/** A connection that is served says who serves it; any other ends without a byte. */
async function greeting(open: () => Promise<Socket>): Promise<Observation> {
  let socket: Socket;
  try {
    socket = await open();
  } catch (error) {
    return { answer: 'refused', reason: error instanceof Error ? error.message : String(error) };
  }
  return new Promise((resolve) => {
    let text = '';
    const timer = setTimeout(() => {
      resolve({ answer: 'refused', reason: 'neither bytes nor end in time' });
      socket.destroy();
    }, connectMillis);
    const finish = (reason: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text === '' ? { answer: 'closed', reason } : { answer: 'connected', workload: text.trim() });
    };
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.once('end', () => finish('end of stream'));
    socket.once('error', (error) => finish(error.message));
    socket.once('close', () => finish('closed'));
  });
}
