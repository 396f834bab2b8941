import { programPath } from '../load/program.ts';
import type { Subject } from './subject.ts';

const proxy = (name: string, program: string): Subject => ({
  name,
  prepare: ({ port, upstreamPort, host, programs }) => [
    { command: programs.node, args: [programPath(program), String(port), String(upstreamPort), host], port },
  ],
});

/** Plain proxies on Node's own clients and servers: what the runtime gives without codecs of ours. */
export const nodeHttp = proxy('node:http', 'node-http-proxy.mjs');
export const nodeHttp2 = proxy('node:http2', 'node-http2-proxy.mjs');
