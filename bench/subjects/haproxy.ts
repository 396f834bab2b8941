import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject } from './subject.ts';

/** HAProxy with one thread, in the foreground. */
export const haproxy: Subject = {
  name: 'haproxy',
  prepare({ folder, port, upstreamPort, host, programs }) {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 4096
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend in
  bind 127.0.0.1:${port}
  use_backend upstream if { hdr(host) -i ${host} }
backend upstream
  http-reuse always
  server one 127.0.0.1:${upstreamPort}
`,
    );
    return { command: programs.haproxy, args: ['-db', '-f', file] };
  },
};
