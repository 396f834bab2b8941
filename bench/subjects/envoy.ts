import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Subject, SubjectContext } from './subject.ts';

const httpManager =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const router = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';

/**
 * Envoy with one worker. It routes by authority, normalises paths and counts as ours does; what ours does not do (request
 * ids, its own headers) is off.
 */
export const envoy: Subject = {
  name: 'envoy',
  prepare(context) {
    const file = join(context.folder, 'envoy.json');
    writeFileSync(file, JSON.stringify(bootstrap(context)));
    const args = ['--concurrency', '1', '--disable-hot-restart', '--log-level', 'error', '-c', file];
    return { command: context.programs.envoy, args };
  },
};

function bootstrap(context: SubjectContext): unknown {
  return {
    admin: { address: socketAddress(context.adminPort) },
    static_resources: { listeners: [listener(context)], clusters: [cluster(context.upstreamPort)] },
  };
}

function listener({ port, host }: SubjectContext): unknown {
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'upstream' } }];
  const manager = {
    '@type': httpManager,
    stat_prefix: 'in',
    normalize_path: true,
    merge_slashes: true,
    generate_request_id: false,
    route_config: { virtual_hosts: [{ name: 'upstream', domains: [host], routes }] },
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: { '@type': router, suppress_envoy_headers: true } },
    ],
  };
  const filters = [{ name: 'envoy.filters.network.http_connection_manager', typed_config: manager }];
  return { name: 'in', address: socketAddress(port), filter_chains: [{ filters }] };
}

function cluster(upstreamPort: number): unknown {
  const limits = { max_connections: 4096, max_requests: 4096, max_pending_requests: 4096 };
  const endpoint = { endpoint: { address: socketAddress(upstreamPort) } };
  return {
    name: 'upstream',
    type: 'STATIC',
    circuit_breakers: { thresholds: [limits] },
    load_assignment: { cluster_name: 'upstream', endpoints: [{ lb_endpoints: [endpoint] }] },
  };
}

function socketAddress(port: number): unknown {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
