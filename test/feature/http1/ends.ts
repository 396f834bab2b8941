import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { until } from '../../unit/proxy/support/mesh.ts';
import type { Target } from './client.ts';

/** One side of a connection, driven by the test. */
export class End {
  text = '';
  /** Whether the other side ended the connection. */
  closed = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => {
      this.text += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.closed = true;
      });
    }
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Settles when all that came matches. */
  has(pattern: RegExp): Promise<void> {
    return until(() => pattern.test(this.text), `${pattern}`);
  }

  isClosed(): Promise<void> {
    return until(() => this.closed, 'the end of the connection');
  }
}

export async function dial(target: Target): Promise<End> {
  const end = new End(connect({ ...target, allowHalfOpen: true }));
  await once(end.socket, 'connect');
  return end;
}

/** A server that leaves every connection to the test. */
export interface OpenServer {
  /** Settles with the connection of that number, from 0, once it is there. */
  connection(index: number): Promise<End>;
  /** Connections so far. */
  readonly count: number;
  close(): Promise<void>;
}

export async function openServer(address: string, port: number): Promise<OpenServer> {
  const ends: End[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => ends.push(new End(socket)));
  server.listen(port, address);
  await once(server, 'listening');
  return {
    get count() {
      return ends.length;
    },
    connection: async (index) => {
      await until(() => ends.length > index, `connection ${index}`);
      return ends[index]!;
    },
    close: async () => {
      for (const { socket } of ends) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
