// A straightforward reverse proxy on node:http. Arguments: port to listen on, port to forward to, the authority served.
import http from 'node:http';

const [port, upstreamPort, authority] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true, maxSockets: 4096, maxFreeSockets: 4096 });

const server = http.createServer((request, response) => {
  if (request.headers.host !== authority) {
    response.writeHead(404).end();
    return;
  }
  const { method, url: path, headers } = request;
  const upstream = http.request({ host: '127.0.0.1', port: upstreamPort, agent, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
  });
  upstream.on('error', () => (response.headersSent ? response.destroy() : response.writeHead(502).end()));
  request.pipe(upstream);
});

server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1');
