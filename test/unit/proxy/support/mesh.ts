import { once } from 'node:events';
import net from 'node:net';
import type { RunningProxy, StaticResource } from '../../../../src/proxy/index.ts';

const prefix = 'type.googleapis.com/smi.proxy.v1.';

let lastBlock = 0;

/** A loopback address that nothing else in this test run uses. */
export function ownAddress(): string {
  lastBlock++;
  return `127.${100 + (process.pid % 100)}.${(process.pid >> 7) % 250}.${lastBlock}`;
}

export function workload(fields: Record<string, unknown>): StaticResource {
  return { typeUrl: `${prefix}Workload`, namespace: 'default', ...fields };
}

/** An HTTP or TCP service `default/NAME:PORT` with `default/TARGET:PORT` -> weight. */
export function service(
  name: string,
  port: number,
  targets: Readonly<Record<string, number>>,
  fields: Record<string, unknown> = {},
): StaticResource {
  const weighted = {
    targets: Object.entries(targets).map(([target, weight]) => ({ endpoints: `default/${target}:${port}`, weight })),
  };
  return {
    typeUrl: `${prefix}OutboundService`,
    name: `default/${name}:${port}`,
    protocol: 'HTTP',
    port,
    hosts: [`${name}.default`, `${name}.default.svc`, `${name}.default.svc.cluster.local`],
    shortName: name,
    namespace: 'default',
    rules: [{ weighted }],
    ...fields,
  };
}

export function endpoints(
  name: string,
  port: number,
  list: readonly {
    address: string;
    port: number;
    identity?: string;
    ready?: boolean;
    http2?: boolean;
    workload?: string;
    locality?: object | undefined;
  }[],
): StaticResource {
  const all = list.map((endpoint) => ({ ready: true, workload: `default/${name}`, ...endpoint }));
  return { typeUrl: `${prefix}Endpoints`, name: `default/${name}:${port}`, endpoints: all };
}

export function policy(name: string, grants: readonly Record<string, unknown>[], mode = 'DENY'): StaticResource {
  return { typeUrl: `${prefix}InboundPolicy`, name, mode, grants };
}

export interface RawServer {
  readonly address: string;
  readonly port: number;
  /** What each connection received so far, as text. */
  readonly received: string[];
  readonly sockets: net.Socket[];
  close(): void;
}

/** A server that is told what to do with the bytes of a connection. */
export async function rawServer(
  serve: (socket: net.Socket, received: string, connection: number) => void,
): Promise<RawServer> {
  const received: string[] = [];
  const sockets: net.Socket[] = [];
  const address = ownAddress();
  const server = net.createServer((socket) => {
    const index = received.push('') - 1;
    sockets.push(socket);
    socket.on('data', (bytes) => {
      received[index] += bytes.toString('latin1');
      serve(socket, received[index]!, index);
    });
    socket.on('error', () => socket.destroy());
  });
  server.listen(0, address);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  return {
    address,
    port,
    received,
    sockets,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** A server that answers each complete head without a body by naming itself. */
export function namedServer(name: string): Promise<RawServer> {
  const answered: number[] = [];
  return rawServer((socket, received, connection) => {
    const heads = received.split('\r\n\r\n').length - 1;
    for (let done = answered[connection] ?? 0; done < heads; done++) {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`);
    }
    answered[connection] = heads;
  });
}

/** Sends text and collects what comes until the other side closes. */
export async function conversation(address: string, port: number, text: string | Buffer): Promise<string> {
  const socket = net.connect({ host: address, port });
  socket.on('error', () => {});
  socket.write(text);
  return await collect(socket);
}

/** Everything that arrives until the socket closes. */
export async function collect(socket: net.Socket): Promise<string> {
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  await new Promise<void>((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));
  return text;
}

/** Waits until a condition holds. */
export async function until(condition: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await condition())) {
    if (Date.now() > end) throw new Error(`never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** What a proxy counts, as it tells Prometheus. */
export async function metrics({ adminAddress: { address, port } }: RunningProxy): Promise<string> {
  return (await fetch(`http://${address}:${port}/metrics`)).text();
}
