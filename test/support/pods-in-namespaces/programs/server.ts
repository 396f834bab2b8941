/**
 * The programs of one host: HTTP at 8080 and 8081 (and 7777, which nobody declares), TLS at 8443, bytes at 9000 where the server
 * speaks first, gRPC at 50051, datagrams at 5300; ports can be given another base. Each says its name and the address that it was
 * reached at.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { echo } from './echo.ts';

const [name = '', pem = '', ...ports] = process.argv.slice(2);
const [http, open, undeclared, tls, bytes, grpc, datagrams] = ports.map(Number);

const plain = (address: string | undefined): string => (address ?? '').replace(/^::ffff:/, '');
const says = (address: string | undefined): string => `${name} at ${plain(address)}`;

for (const port of [http, open, undeclared]) {
  createHttpServer((request, response) => {
    const caller = /URI=([^;,]+)$/.exec(String(request.headers['x-forwarded-client-cert'] ?? ''))?.[1] ?? 'nobody';
    response.end(`${says(request.socket.localAddress)} for ${caller}`);
  }).listen(port, '::');
}
const certificate = readFileSync(pem);
createHttpsServer({ key: certificate, cert: certificate }, (request, response) => {
  response.end(`${says(request.socket.localAddress)} by TLS`);
}).listen(tls, '::');
createServer((socket) => socket.on('error', () => {}).end(says(socket.localAddress))).listen(bytes, '::');
const flows = createSocket('udp4', (message, { port, address }) =>
  flows.send(`${name} heard ${message}`, port, address),
);
flows.bind(datagrams);
const calls = new Server();
calls.addService(echo, {
  say: (_call: unknown, callback: (error: null, text: string) => void) => callback(null, name),
});
calls.bindAsync(`[::]:${grpc}`, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
  console.log('ready');
});
