import type { MeshModel, Workload, WorkloadPort } from '../../../src/model/types.ts';
import { appClusterName, inboundName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { inboundLogs, nearestRules } from './access-log.ts';
import type { InboundPort } from './emitted.ts';
import { httpConnectionManager } from './http.ts';
import { interceptionOf } from './interception/redirection.ts';
import { ads, connectUdp, type Message } from './message.ts';
import { peerMetadata } from './peer-metadata.ts';
import { accessOfFlows, httpAccess } from './rbac.ts';
import { everybody, serverTls, trustOf } from './tls.ts';

/**
 * What takes flows of datagrams from other sidecars: streams of HTTP/2 within mutual TLS (CONNECT-UDP, RFC 9298). Whatever
 * address a stream names, only the program behind this port is meant.
 */
export function udpPort(model: MeshModel, server: Workload, served: WorkloadPort, options: EnvoyOptions): InboundPort {
  const { port, app } = served;
  const name = inboundName(server.id, port, 'udp');
  const cluster = appClusterName(server.id, port, 'udp');
  const policy = model.inbound[server.set];
  const redirected = interceptionOf(server, options) !== undefined;
  const program = redirected ? { address: server.addresses[0] ?? app.address, port } : app;
  const address = { socketAddress: { protocol: 'UDP', address: program.address, portValue: program.port } };
  return {
    ...{ name, port: served, tls: undefined, plain: [], accessLog: [] },
    proven: [
      {
        filters: [
          httpConnectionManager(name, { rds: { routeConfigName: name, configSource: ads } }, [httpAccess], {
            ...connectUdp,
            accessLog: inboundLogs(options, server, port, policy, 'identified'),
          }),
        ],
        transportSocket: serverTls(options, everybody(model), trustOf(model)),
      },
    ],
    clusters: [
      {
        name: cluster,
        type: 'STATIC',
        loadAssignment: { clusterName: cluster, endpoints: [{ lbEndpoints: [{ endpoint: { address } }] }] },
      },
    ],
    routes: flows(name, cluster, { ...peerMetadata(nearestRules(policy, port)), ...accessOfFlows(policy, port) }),
  };
}

function flows(name: string, cluster: string, access: Message): Message {
  const upgradeConfigs = [{ upgradeType: 'CONNECT-UDP', connectConfig: {} }];
  const route = { name: cluster, match: { connectMatcher: {} }, route: { cluster, timeout: '0s', upgradeConfigs } };
  return { name, virtualHosts: [{ name: cluster, domains: ['*'], routes: [route], ...access }] };
}
