import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { freePort } from '../../../test/support/free-ports.ts';
import { launch } from '../../processes.ts';
import type { Identities } from '../identities.ts';
import type { Upstream } from './upstream.ts';

/** About one hundred bytes, as a small JSON answer has. */
export const smallBody =
  'hello from upstream, this is a small body of about one hundred bytes in total, to be like a json answer..\n';

/** A message of gRPC with its prefix of five octets; both the request and the answer of the load. */
export const grpcMessage = Buffer.from('\0\0\0\0\x07\n\x05hello', 'latin1');
export const grpcPath = '/bench.Echo/Call';

/** What the connection to nginx speaks. */
export type NginxProtocol = 'http1' | 'https1' | 'http2';

interface NginxSettings {
  readonly nginx: string;
  readonly taskset: string;
  readonly cores: string;
  readonly folder: string;
  readonly identities: Identities;
}

/**
 * nginx answers by itself what the load asks for: `/`, and one gRPC call with its trailer. What the correctness requests need
 * beyond that (`/echo` returns the body, `/status/N`, other gRPC calls) comes from small servers in this process behind it.
 */
export async function startNginx(settings: NginxSettings, protocol: NginxProtocol): Promise<Upstream> {
  const { nginx, taskset, cores, folder } = settings;
  const echo = echoServer();
  const grpc = grpcServer();
  const echoPort = await listening(echo);
  const grpcPort = await listening(grpc);
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    configuration({ ...settings, listen: listenLines(port, protocol, settings.identities), echoPort, grpcPort }),
  );
  const args = ['-e', join(folder, 'nginx-error.log'), '-c', file];
  const running = await launch(taskset, { name: 'nginx', command: nginx, args, cores, port });
  const stop = async (): Promise<void> => {
    await running.stop();
    echo.closeAllConnections();
    echo.close();
    grpc.close();
  };
  return { port, stop };
}

function listenLines(port: number, protocol: NginxProtocol, { server, authority }: Identities): string {
  const flags = { http1: '', https1: ' ssl', http2: ' http2' }[protocol];
  const listen = `listen 127.0.0.1:${port}${flags} backlog=4096;`;
  if (protocol !== 'https1') return listen;
  return `${listen}
    ssl_certificate ${server.certificate}; ssl_certificate_key ${server.key}; ssl_protocols TLSv1.3;
    ssl_client_certificate ${authority}; ssl_verify_client optional;`;
}

function configuration({
  folder,
  listen,
  echoPort,
  grpcPort,
}: {
  readonly folder: string;
  readonly listen: string;
  readonly echoPort: number;
  readonly grpcPort: number;
}): string {
  const message = grpcMessage.toString('latin1').replace('\n', '\\n');
  return `worker_processes 1; daemon off; pid ${folder}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 600; http2_max_concurrent_streams 1024;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi; client_max_body_size 8m;
  server {
    ${listen}
    location = / { default_type text/plain; add_header x-upstream nginx; return 200 "${smallBody.trimEnd()}\\n"; }
    location = ${grpcPath} { default_type application/grpc; add_trailer grpc-status 0; return 200 "${message}"; }
    location /bench.Echo/ { grpc_pass grpc://127.0.0.1:${grpcPort}; }
    location / {
      proxy_pass http://127.0.0.1:${echoPort}; proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off;
    }
  }
}
`;
}

function echoServer(): Server {
  return createServer((request, response) => {
    const status = Number(/^\/status\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
    response.writeHead(status, { 'x-seen-header': request.headers['x-bench'] ?? '', 'x-seen-path': request.url ?? '' });
    answerWithBody(request, response);
  });
}

/** Sends back what came, once all of it is there: HAProxy 2.6 stalls when a large body of HTTP/2 goes both ways at a time. */
function answerWithBody(from: Readable, to: Writable): void {
  const received: Buffer[] = [];
  from.on('data', (bytes: Buffer) => received.push(bytes));
  from.on('end', () => {
    to.write(Buffer.concat(received));
    to.end();
  });
}

/** `Fail` ends with the status NOT_FOUND and nothing before it; every other call returns its messages. */
function grpcServer(): http2.Http2Server {
  const server = http2.createServer();
  server.on('stream', (stream, headers) => {
    const head = { 'content-type': 'application/grpc', 'x-seen-header': headers['x-bench'] ?? '' };
    stream.on('error', () => stream.close());
    if (headers[':path']?.endsWith('/Fail')) {
      stream.respond({ ...head, 'grpc-status': '5', 'grpc-message': 'no such thing' }, { endStream: true });
      return;
    }
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-bench-trailer': 'seen' }));
    answerWithBody(stream, stream);
  });
  return server;
}

async function listening(server: NetServer): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
