import { createServer } from 'node:http';

/**
 * Starts an HTTP server that answers `GET /healthz` itself and everything else by `routes`, a record from `METHOD /path`
 * to a function of the request that returns what is sent as JSON. It listens on `HOST` and `PORT` where the environment
 * says so, otherwise on every address and port 14001, which is the container port in the manifests. On SIGTERM it
 * finishes the requests that it has begun.
 */
export function serve(name, routes) {
  const server = createServer((request, response) => {
    const path = request.url.split('?', 1)[0];
    const route = path === '/healthz' ? () => ({ status: 'ok' }) : routes[`${request.method} ${path}`];
    request.resume();
    request.on('end', () => reply(response, route));
  });
  // Longer than any client keeps an idle connection, so that this side never closes one that is about to be used.
  server.keepAliveTimeout = 120_000;
  server.listen(Number(process.env.PORT ?? 14001), process.env.HOST ?? '0.0.0.0', () => {
    const { address, port } = server.address();
    console.log(`${name} listens on ${address}:${port}`);
  });
  process.once('SIGTERM', () => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
  });
}

function reply(response, route) {
  const body = JSON.stringify(route === undefined ? { error: 'no such page' } : route());
  response.writeHead(route === undefined ? 404 : 200, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}
