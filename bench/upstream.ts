import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { freePort, launch, type Running } from './processes.ts';

/** About one hundred bytes, as a small JSON answer has. */
export const smallBody =
  'hello from upstream, this is a small body of about one hundred bytes in total, to be like a json answer..\n';

export interface Upstream extends Running {
  readonly port: number;
}

/**
 * nginx answers `/` by itself, which is what the load asks for. What the correctness requests need beyond that (`/echo`
 * returns the body, `/status/N`) comes from a small server in this process behind it.
 */
export async function startUpstream(
  tools: { nginx: string; taskset: string },
  folder: string,
  cores: string,
): Promise<Upstream> {
  const echo = await startEcho();
  const port = await freePort();
  const file = join(folder, 'nginx.conf');
  writeFileSync(file, configuration(folder, port, portOf(echo)));
  const args = ['-e', join(folder, 'nginx-error.log'), '-c', file];
  const nginx = await launch(tools.taskset, { name: 'nginx', command: tools.nginx, args, cores, port });
  const stop = async (): Promise<void> => {
    await nginx.stop();
    echo.closeAllConnections();
    echo.close();
  };
  return { pid: nginx.pid, port, stop };
}

function configuration(folder: string, port: number, echoPort: number): string {
  return `worker_processes 1; daemon off; pid ${folder}/nginx.pid;
events { worker_connections 8192; }
http {
  access_log off; keepalive_requests 100000000; keepalive_timeout 600;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = / { default_type text/plain; add_header x-upstream nginx; return 200 "${smallBody.trimEnd()}\\n"; }
    location / {
      proxy_pass http://127.0.0.1:${echoPort}; proxy_http_version 1.1; client_max_body_size 8m;
      proxy_request_buffering off; proxy_buffering off;
    }
  }
}
`;
}

async function startEcho(): Promise<Server> {
  const server = createServer((request, response) => {
    const status = Number(/^\/status\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? 200);
    response.writeHead(status, { 'x-seen-header': request.headers['x-bench'] ?? '', 'x-seen-path': request.url ?? '' });
    request.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
