import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import type { Counters } from './counters.ts';
import { echoServer } from './http-server.ts';

export interface Listener {
  readonly protocol: 'http' | 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Listens on every port of a pod; the result stops it. Rejects when a port is taken, and then listens on none. */
export async function serve(
  pod: string,
  listeners: readonly Listener[],
  counters: Counters,
): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(stops.map((each) => each()));
  };
  try {
    for (const { protocol, address, port } of listeners) {
      if (protocol === 'udp') stops.push(await answerDatagrams(pod, address, port, counters));
      else
        stops.push(
          await listen(protocol === 'tcp' ? greeter(pod, counters) : echoServer(pod, counters), address, port),
        );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Greets every connection with the pod and a newline, and ends. */
function greeter(pod: string, counters: Counters): Server {
  return createServer((socket) => {
    counters.add('tcp');
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.end(`${pod}\n`);
  });
}

async function listen(server: Server, address: string, port: number): Promise<() => Promise<void>> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, resolve);
  });
  return async () => {
    server.emit('close');
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
}

/** Answers each datagram with the pod. */
async function answerDatagrams(
  pod: string,
  address: string,
  port: number,
  counters: Counters,
): Promise<() => Promise<void>> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => {
    counters.add('udp');
    socket.send(pod, from.port, from.address);
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, resolve);
  });
  socket.on('error', () => undefined);
  return () => new Promise((resolve) => socket.close(() => resolve()));
}
