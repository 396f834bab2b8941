/**
 * The programs of a pod. HTTP answers with what it saw as JSON; 9000 echoes bytes behind the pod's name; 3306 speaks first, as
 * databases do; 8443 is TLS of the program's own. Arguments: the pod's name and a folder with `key.pem` and `certificate.pem`.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createByteServer } from 'node:net';
import { join } from 'node:path';

const [name = '', folder = '', ...ports] = process.argv.slice(2);

const answer: RequestListener = (request, response) => {
  const hash = createHash('sha256');
  let octets = 0;
  request.on('data', (piece: Buffer) => {
    octets += piece.length;
    hash.update(piece);
  });
  request.on('end', () => {
    const { method, url, headers, socket } = request;
    const seen = { name, method, url, host: headers.host, peer: headers['x-forwarded-client-cert'] };
    const size = Number(headers['x-size'] ?? 0);
    response.setHeader(
      'x-seen',
      JSON.stringify({ ...seen, octets, sha256: hash.digest('hex'), at: socket.localAddress }),
    );
    response.end(
      size > 0 ? Buffer.alloc(size, 'x') : `${JSON.stringify({ ...seen, octets, at: socket.localAddress })}\n`,
    );
  });
};

const secret = { key: readFileSync(join(folder, 'key.pem')), cert: readFileSync(join(folder, 'certificate.pem')) };

const servers = {
  8080: createServer(answer),
  8081: createServer(answer),
  // No container declares it.
  8082: createServer(answer),
  9000: createByteServer({ allowHalfOpen: true }, (socket) => {
    socket.write(`${name} `);
    socket.pipe(socket);
    socket.on('error', () => {});
  }),
  3306: createByteServer((socket) => {
    socket.end(`${name} speaks first\n`);
    socket.on('error', () => {});
  }),
  8443: createTlsServer(secret, answer),
  443: createTlsServer(secret, answer),
};

for (const [port, server] of Object.entries(servers)) {
  if (ports.length > 0 ? !ports.includes(port) : Number(port) < 1024) continue;
  await new Promise<void>((resolve) => server.listen(Number(port), '::', resolve));
}
console.log('ready');
