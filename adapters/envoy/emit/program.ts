import type { Workload, WorkloadPort } from '../../../src/model/types.ts';
import type { EnvoyOptions } from '../options.ts';
import { interceptionOf } from './interception/redirection.ts';
import { type Message, socketAddress } from './message.ts';
import { withHopLimit } from './upstream-bind.ts';
import { upstreamHttp } from './upstream-http.ts';

/** The cluster of a program behind its sidecar: where it says that it listens, or at the address that a redirected caller used. */
export function programCluster(
  name: string,
  server: Workload,
  { app, http2 }: WorkloadPort,
  options: EnvoyOptions,
): Message {
  const http = upstreamHttp(http2 === true ? 'http2' : 'http1');
  if (interceptionOf(server, options) !== undefined) {
    const asked = { type: 'ORIGINAL_DST', lbPolicy: 'CLUSTER_PROVIDED', connectTimeout: '5s' };
    return { name, ...asked, upstreamBindConfig: withHopLimit(usualHopLimit), ...http };
  }
  const endpoint = { address: socketAddress(app.address, app.port) };
  return {
    name,
    type: 'STATIC',
    connectTimeout: '5s',
    loadAssignment: { clusterName: name, endpoints: [{ lbEndpoints: [{ endpoint }] }] },
    ...http,
  };
}

/** That of Linux, and not the one of connections to endpoints, by which those to the own pod are redirected (`pod-bootstrap.ts`). */
const usualHopLimit = 64;
