// Answers what it was asked and who it is, at PORT, on all addresses; knows nothing of a mesh. SICK=true answers everything but `/`, which probes ask, with 503.
import http from 'node:http';
import os from 'node:os';
import process from 'node:process';

const server = http.createServer((request, response) => {
  const { method, url, headers } = request;
  const who = { host: os.hostname(), version: process.env.VERSION, from: request.socket.remoteAddress };
  response.setHeader('content-type', 'application/json');
  if (process.env.VERSION) response.setHeader('x-version', process.env.VERSION);
  if (process.env.SICK === 'true' && url !== '/') response.statusCode = 503;
  request.resume().on('end', () => response.end(`${JSON.stringify({ method, url, headers, ...who })}\n`));
});
server.listen(Number(process.env.PORT ?? 8080));
process.on('SIGTERM', () => server.close(() => process.exit(0)));
