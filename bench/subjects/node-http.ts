import { join } from 'node:path';
import { packageRoot } from '../../src/lib/package-root.ts';
import type { Subject } from './subject.ts';

/** A plain proxy on Node's own HTTP client and server: what the runtime gives without codecs of ours. */
export const nodeHttp: Subject = {
  name: 'node:http',
  prepare({ port, upstreamPort, host, programs }) {
    const program = join(packageRoot(), 'bench/programs/node-http-proxy.mjs');
    return { command: programs.node, args: [program, String(port), String(upstreamPort), host] };
  },
};
