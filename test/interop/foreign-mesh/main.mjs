// `main.mjs [--fault NAME ...] FOLDER`: a small mesh of its own that the conformance suite judges as somebody else's. One process takes what
// is for each port of each Service, knows the caller by its address, and forwards to a pod of its choice. It is written from
// docs/conformance.md, and shares nothing with smi-mesh.
import { Agent, createServer as createHttpServer, request as httpRequest } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import { createInterface } from 'node:readline';
import { allowed } from './access.mjs';
import { faultsOf } from './faults.mjs';
import { endpointsOf, find, podAt, readResources } from './resources.mjs';
import { backendOf } from './split.mjs';

const args = process.argv.slice(2);
const faults = faultsOf(args);
const folder = args.at(-1);
const agent = new Agent({ keepAlive: true });
const address = '127.0.0.1';
/** By `NAMESPACE/NAME PORT`. */
const doors = new Map();
let resources = {};

/** Where a connection or a request for a port of a Service goes: an endpoint, or the status that is answered. */
function decide(door, caller, request) {
  const from = podAt(resources, caller);
  const service = find(resources, 'Service', door.namespace, door.name);
  if (from === undefined || service === undefined) return { status: 403 };
  const backend = backendOf(resources, service, door.port, request, faults);
  const endpoints = backend === undefined ? [] : endpointsOf(resources, backend, door.port);
  const endpoint = endpoints[Math.floor(Math.random() * endpoints.length)];
  if (endpoint === undefined) return { status: 503 };
  const reached = { from, to: endpoint.pod, port: endpoint.port, request };
  return allowed(resources, reached, faults) ? { endpoint } : { status: 403 };
}

function httpDoor(door) {
  return createHttpServer((request, response) => {
    const { status, endpoint } = decide(door, request.socket.remoteAddress, request);
    if (endpoint === undefined) return response.writeHead(status).end();
    const { method, url: path, rawHeaders: headers } = request;
    const onward = httpRequest({ host: endpoint.address, port: endpoint.port, agent, method, path, headers });
    onward.once('response', (answer) => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.once('error', () => response.destroy());
    return request.pipe(onward);
  });
}

function tcpDoor(door) {
  return createTcpServer((socket) => {
    const { endpoint } = decide(door, socket.remoteAddress);
    socket.on('error', () => socket.destroy());
    if (endpoint === undefined) return socket.destroy();
    const onward = connect({ host: endpoint.address, port: endpoint.port });
    onward.on('error', () => socket.destroy());
    return socket.pipe(onward).pipe(socket);
  });
}

async function open(door, protocol) {
  const server = protocol === 'http' ? httpDoor(door) : tcpDoor(door);
  await new Promise((resolve) => server.listen(0, address, resolve));
  return { service: `${door.namespace}/${door.name}`, port: door.port, address, at: server.address().port };
}

/** Takes over what the folder holds; a port of a Service keeps the place where it was first listened for. */
async function takeOver() {
  const read = readResources(folder);
  for (const { metadata, spec } of read.Service ?? []) {
    for (const { port, protocol = 'TCP', appProtocol } of spec.ports) {
      const door = { namespace: metadata.namespace, name: metadata.name, port };
      const key = `${door.namespace}/${door.name} ${port}`;
      if (protocol === 'TCP' && !doors.has(key)) doors.set(key, await open(door, appProtocol));
    }
  }
  resources = read;
}

for await (const line of createInterface({ input: process.stdin })) {
  await takeOver();
  process.stdout.write(`${JSON.stringify({ inForce: Number(line), listens: [...doors.values()] })}\n`);
}
process.exit(0);
