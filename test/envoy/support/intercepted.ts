/**
 * Run in a network namespace of its own: a mesh whose client is intercepted by iptables, with the real Envoy. Prints as JSON what
 * the client's program gets; the argument is the mode for what no Service has.
 */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { workloadId } from '../../../src/model/ids.ts';
import type { MeshModel } from '../../../src/model/types.ts';
import { envoyBinary } from '../../support/envoy.ts';
import { sampleModel, weighted } from '../../support/envoy-model.ts';
import { createCredentials } from '../../support/mesh/credentials.ts';
import { startPrograms } from '../../support/mesh/echo.ts';
import { openSocket } from '../../support/mesh/envoy-process.ts';
import { RawClient } from '../../support/mesh/http-client.ts';
import { envoyPlane } from '../../support/mesh/plane-envoy.ts';

const service = '10.99.0.10';
const outside = { host: '10.99.0.20', port: 9_999 };
const redirectedTo = 15_001;
/** The user whose connections are intercepted. */
const user = 12_345;

const run = (command: string): unknown => execFileSync('/bin/sh', ['-c', command]);
run('ip link set lo up');
for (const address of [service, outside.host]) run(`ip address add ${address}/32 dev lo`);
const what = `-p tcp -d 10.99.0.0/16 -m owner --uid-owner ${user}`;
run(`iptables -t nat -A OUTPUT ${what} -j REDIRECT --to-ports ${redirectedTo}`);

const sample = sampleModel({ base: 1, mode: 'allow', rules: [weighted(1, 0)], clients: 'intercepted' });
const outboundMode = process.argv[2] as MeshModel['settings']['outboundMode'];
const model = { ...sample, settings: { ...sample.settings, outboundMode } };
const greeter = createServer((socket) => socket.end('outside\n'));
await new Promise<void>((resolve) => greeter.listen(outside.port, outside.host, resolve));
const plane = envoyPlane(envoyBinary().path!, { interception: { outbound: redirectedTo, inbound: 15_006 } });
const workloads = ['store-v1', 'buyer'].map((name) => workloadId('default', name));
const stops = [await startPrograms(model), await plane.start(model, workloads, await createCredentials())];

/** A connection of the intercepted user. */
async function connection(host: string, port: number) {
  process.seteuid!(user);
  try {
    return await openSocket({ host, port });
  } finally {
    process.seteuid!(0);
  }
}

async function greeting(host: string, port: number): Promise<string> {
  const socket = await connection(host, port);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString();
  });
  await new Promise((resolve) => socket.on('error', resolve).on('close', resolve));
  return text.trim();
}

const client = new RawClient(() => connection(service, 80));
const response = await client.send({ method: 'GET', path: '/', headers: [['Host', 'store']] });
client.close();
console.log(
  JSON.stringify({
    http: response.kind === 'response' ? [response.status, response.headers.get('x-echo-workload')] : response.reason,
    tcp: await greeting(service, 5432),
    outside: await greeting(outside.host, outside.port),
  }),
);
for (const stop of stops.reverse()) await stop();
greeter.close();
