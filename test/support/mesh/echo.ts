import { createSocket } from 'node:dgram';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { MeshModel, Workload } from '../../../src/model/types.ts';
import { outsideOf, outsidePrograms, startDns } from './outside.ts';

/** The header in which an echo program tells its workload, and the one in which it tells the target that it saw. */
export const echoWorkload = 'x-echo-workload';
export const echoTarget = 'x-echo-target';

/**
 * Starts the programs of every workload: HTTP ports answer with what they saw (workload, method, target, headers), TCP
 * ports greet with the workload's id and a newline, UDP ports answer each datagram with the id.
 */
export async function startPrograms(model: MeshModel): Promise<() => Promise<void>> {
  const servers: Server[] = [];
  const stops: (() => void)[] = [];
  for (const workload of Object.values(model.workloads)) {
    for (const { protocol, app } of workload.ports) {
      if (protocol === 'udp') {
        stops.push(await answerer(workload, app));
        continue;
      }
      const server = protocol === 'tcp' ? greeter(workload) : echo(workload);
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(app.port, app.address, resolve);
      });
      servers.push(server);
    }
  }
  const stopDns = await startDns(model);
  for (const { name, port, protocol } of outsidePrograms(model)) {
    const server = protocol === 'tcp' ? greeter({ id: name }) : echo({ id: name });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, outsideOf(model).address, resolve);
    });
    servers.push(server);
  }
  return async () => {
    await stopDns();
    for (const stop of stops) stop();
    await Promise.all(
      servers.map((server) => {
        if ('closeAllConnections' in server) (server as ReturnType<typeof createHttpServer>).closeAllConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
      }),
    );
  };
}

function echo({ id }: { readonly id: string }): Server {
  return createHttpServer((request, response) => {
    const body = JSON.stringify({
      workload: id,
      method: request.method,
      target: request.url,
      headers: request.headers,
    });
    response.setHeader(echoWorkload, id);
    response.setHeader(echoTarget, JSON.stringify(request.url));
    response.end(request.method === 'HEAD' ? undefined : body);
    request.resume();
  });
}

function greeter({ id }: { readonly id: string }): Server {
  return createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.resume();
    socket.end(`${id}\n`);
  });
}

async function answerer({ id }: Workload, { address, port }: { address: string; port: number }): Promise<() => void> {
  const socket = createSocket('udp4');
  socket.on('message', (_, from) => socket.send(id, from.port, from.address));
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, address, resolve);
  });
  return () => socket.close();
}
