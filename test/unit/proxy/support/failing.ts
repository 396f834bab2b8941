import net from 'node:net';
import { type RunningProxy, type StaticResource, startProxy } from '../../../../src/proxy/index.ts';
import { endpoints, metrics, ownAddress, type RawServer, rawServer, service, workload } from './mesh.ts';

/** An answer with a short body; `fields` are whole lines. */
export function answer(status: number, body = '', fields = ''): string {
  return `HTTP/1.1 ${status} Status\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A server that counts complete requests and is told how to treat each; a string is written. */
export interface CountingServer extends RawServer {
  readonly requests: string[];
}

/** `treat` is given the request's number over all connections, from 0. */
export async function countingServer(
  treat: (request: number, socket: net.Socket) => string | undefined,
): Promise<CountingServer> {
  const requests: string[] = [];
  const taken: number[] = [];
  const server = await rawServer((socket, received, connection) => {
    let at = taken[connection] ?? 0;
    for (;;) {
      const end = received.indexOf('\r\n\r\n', at);
      if (end < 0) break;
      const head = received.slice(at, end);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (received.length < end + 4 + length) break;
      at = end + 4 + length;
      taken[connection] = at;
      const text = treat(requests.push(received.slice(at - length - 4 - head.length, at)) - 1, socket);
      if (text !== undefined) socket.write(text, 'latin1');
    }
    taken[connection] = at;
  });
  return Object.assign(server, { requests });
}

/** An address where nobody listens. */
export async function refusing(): Promise<{ address: string; port: number }> {
  const server = await rawServer(() => {});
  server.close();
  return { address: server.address, port: server.port };
}

export interface ClientProxy {
  readonly address: string;
  readonly proxy: RunningProxy;
  /** What a counter says whose line contains all of the words. */
  count(metric: string, ...words: readonly string[]): Promise<number>;
}

/**
 * A client's proxy for `default/store:80` under policies; `more` are further resources, `fields` of the service, `cluster` of its
 * endpoints.
 */
export async function clientProxy(
  servers: readonly { address: string; port: number }[],
  policies: readonly Record<string, unknown>[] = [],
  more: readonly StaticResource[] = [],
  fields: Record<string, unknown> = {},
  cluster: Record<string, unknown> = {},
): Promise<ClientProxy> {
  const address = ownAddress();
  const listener = { address, port: 20000, protocol: 'HTTP', services: ['default/store:80'] };
  const resources: StaticResource[] = [
    workload({ name: 'default/client', outbound: [listener] }),
    service('store', 80, { store: 1 }, { policies, ...fields }),
    { ...endpoints('store', 80, servers), ...cluster },
    ...more,
  ];
  const bootstrap = { node: 'default/client', admin: { address, port: 0 }, resources, testRandomHeader: 'x-pick' };
  const proxy = await startProxy(bootstrap, { log: () => {} });
  await proxy.ready;
  return { address, proxy, count: counted(proxy) };
}

/** Reads the counters of a proxy, as `ClientProxy.count`. */
export function counted(proxy: RunningProxy): ClientProxy['count'] {
  return (metric, ...words) => count(proxy, metric, words);
}

async function count(proxy: RunningProxy, metric: string, words: readonly string[]): Promise<number> {
  let sum = 0;
  for (const line of (await metrics(proxy)).split('\n')) {
    if (!line.startsWith(`${metric}{`) && !line.startsWith(`${metric} `)) continue;
    if (words.every((word) => line.includes(word))) sum += Number(line.slice(line.lastIndexOf(' ')));
  }
  return sum;
}

/** Sends one request on a connection of its own and gives the whole answer. */
export async function send(address: string, text: string, port = 20000): Promise<string> {
  const socket = net.connect({ host: address, port });
  let received = '';
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    received += bytes.toString('latin1');
  });
  socket.write(text, 'latin1');
  await new Promise<void>((resolve) => socket.once('close', () => resolve()));
  return received;
}

/** A request that ends its connection; `fields` are whole lines. */
export function request(method = 'GET', fields = '', body = '', path = '/'): string {
  const length = body === '' && method === 'GET' ? '' : `Content-Length: ${body.length}\r\n`;
  return `${method} ${path} HTTP/1.1\r\nHost: store\r\n${fields}${length}Connection: close\r\n\r\n${body}`;
}

export const statusOf = (text: string): number => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
