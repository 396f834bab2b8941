import { once } from 'node:events';
import net from 'node:net';
import { type RunningProxy, startProxy } from '../../../../src/proxy/index.ts';
import { conversation, endpoints, metrics, ownAddress, service, workload } from './mesh.ts';

/** A server that fails as told: `behave` may be changed at any time. */
export interface MoodyServer {
  readonly address: string;
  readonly port: number;
  /** Request lines that came, probes apart. */
  readonly requests: string[];
  readonly probes: string[];
  readonly connections: number;
  behave: Mood;
  /** Stops listening and ends all connections; `start` brings it back on the same port. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** What is answered to a request: a status, or something worse. */
export type Mood =
  | number
  | { readonly after: number }
  | 'overloaded'
  | 'hang'
  | 'reset'
  | 'half-open'
  | ((path: string) => Mood);

export async function moodyServer(behave: Mood = 200): Promise<MoodyServer> {
  const address = ownAddress();
  const sockets = new Set<net.Socket>();
  let server = net.createServer();
  let connections = 0;
  const accept = (socket: net.Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let end = text.indexOf('\r\n\r\n'); end >= 0; end = text.indexOf('\r\n\r\n')) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        const line = head.slice(0, head.indexOf('\r\n'));
        (head.includes('smi-mesh-probe') ? made.probes : made.requests).push(line);
        answer(socket, made.behave, line.split(' ')[1]!);
      }
    });
  };
  const start = async (port: number) => {
    server = net.createServer(accept);
    server.listen(port, address);
    await once(server, 'listening');
  };
  await start(0);
  const { port } = server.address() as net.AddressInfo;
  const made: MoodyServer = {
    address,
    port,
    requests: [],
    probes: [],
    get connections() {
      return connections;
    },
    behave,
    kill: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.resetAndDestroy();
      await closed;
    },
    start: () => start(port),
  };
  return made;
}

function answer(socket: net.Socket, mood: Mood, path: string): void {
  if (typeof mood === 'function') answer(socket, mood(path), path);
  else if (typeof mood === 'object') setTimeout(() => answer(socket, 200, path), mood.after);
  else if (mood === 'reset') socket.resetAndDestroy();
  else if (mood === 'half-open') socket.end('HTTP/1.1 200 O');
  else if (mood === 'overloaded') socket.write(`HTTP/1.1 503 x\r\nx-smi-overloaded: true\r\ncontent-length: 0\r\n\r\n`);
  else if (mood !== 'hang') socket.write(`HTTP/1.1 ${mood} x\r\ncontent-length: 0\r\n\r\n`);
}

export interface FlowOptions {
  /** ClusterPolicy as JSON. */
  readonly policy?: Record<string, unknown>;
  readonly locality?: Record<string, unknown>;
  /** RequestPolicyLayers as JSON. */
  readonly policies?: readonly Record<string, unknown>[];
  readonly protocol?: 'HTTP' | 'TCP';
}

export interface Flow {
  readonly address: string;
  readonly proxy: RunningProxy;
  /** The status of one request on a connection of its own; 0 when there was no answer. */
  ask(path?: string, fields?: string): Promise<number>;
  /** The value of a metric with these labels, in whatever order; 0 when there is none. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
}

/** A client's proxy before the service `store`, port 80, whose endpoints are given. */
export async function flow(
  list: readonly (Pick<MoodyServer, 'address' | 'port'> & { readonly locality?: Record<string, unknown> })[],
  { policy, locality, policies = [], protocol = 'HTTP' }: FlowOptions = {},
): Promise<Flow> {
  const address = ownAddress();
  const resources = [
    workload({
      name: 'default/client',
      locality,
      outbound: [{ address, port: 20000, protocol, services: ['default/store:80'] }],
    }),
    service('store', 80, { store: 1 }, { policies, protocol }),
    {
      ...endpoints(
        'store',
        80,
        list.map(({ address: at, port, locality: place }) => ({ address: at, port, locality: place })),
      ),
      ...(policy === undefined ? {} : { policy }),
    },
  ];
  const proxy = await startProxy({ node: 'default/client', admin: { address, port: 0 }, resources }, { log: () => {} });
  await proxy.ready;
  return {
    address,
    proxy,
    ask: async (path = '/', fields = '') => {
      const text = `GET ${path} HTTP/1.1\r\nHost: store\r\n${fields}Connection: close\r\n\r\n`;
      return Number(/^HTTP\/1\.1 (\d+)/.exec(await conversation(address, 20000, text))?.[1] ?? 0);
    },
    metric: (name, labels) => metricValue(proxy, name, labels),
  };
}

/** The sum of all series of a metric that have the labels; 0 when there is none. */
export async function metricValue(
  proxy: RunningProxy,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const lines = (await metrics(proxy))
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return lines
    .filter((line) => wanted.every((label) => line.includes(label)))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
