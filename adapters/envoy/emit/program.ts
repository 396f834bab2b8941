import type { Workload, WorkloadPort } from '../../../src/model/types.ts';
import type { EnvoyOptions } from '../options.ts';
import { interceptionOf } from './interception/redirection.ts';
import { type Message, socketAddress } from './message.ts';
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
    return { name, type: 'ORIGINAL_DST', lbPolicy: 'CLUSTER_PROVIDED', connectTimeout: '5s', ...unmarked, ...http };
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

/** Unlike the connections to endpoints, which the bootstrap marks so that those to the own pod are redirected (`pod-bootstrap.ts`). */
const unmarked: Message = {
  upstreamBindConfig: {
    sourceAddress: { address: '0.0.0.0', portValue: 0 },
    extraSourceAddresses: [{ address: { address: '::', portValue: 0 } }],
  },
};
