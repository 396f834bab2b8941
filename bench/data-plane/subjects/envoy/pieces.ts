import type { IdentityFiles } from '../../identities.ts';

const extension = (name: string): string => `type.googleapis.com/envoy.extensions.${name}`;

export type HttpVersion = 'http1' | 'http2';

export function socketAddress(port: number): unknown {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

export interface ListenerPieces {
  readonly port: number;
  readonly filters: readonly unknown[];
  readonly transportSocket?: unknown;
}

export function listener({ port, filters, transportSocket }: ListenerPieces): unknown {
  const chain = { filters, ...(transportSocket === undefined ? {} : { transport_socket: transportSocket }) };
  return { name: 'in', address: socketAddress(port), filter_chains: [chain] };
}

/**
 * Routes by authority, normalises paths and counts for each route, as ours does; what ours does not do (request ids, its
 * own headers, an access log) is off.
 */
export function httpManager(host: string, version: HttpVersion, filters: readonly unknown[] = []): unknown {
  const routes = [{ match: { prefix: '/' }, route: { cluster: 'upstream' }, stat_prefix: 'all' }];
  const router = { '@type': extension('filters.http.router.v3.Router'), suppress_envoy_headers: true };
  const manager = {
    '@type': extension('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'in',
    codec_type: version === 'http1' ? 'HTTP1' : 'HTTP2',
    normalize_path: true,
    merge_slashes: true,
    generate_request_id: false,
    route_config: { virtual_hosts: [{ name: 'upstream', domains: [host], routes }] },
    http_filters: [...filters, { name: 'envoy.filters.http.router', typed_config: router }],
  };
  return { name: 'envoy.filters.network.http_connection_manager', typed_config: manager };
}

/** Lets one identity in, for some methods and all paths. */
export function accessPolicy(identity: string): unknown {
  const methods = ['GET', 'HEAD', 'POST'].map((exact) => ({
    header: { name: ':method', string_match: { exact } },
  }));
  const permission = {
    and_rules: { rules: [{ or_rules: { rules: methods } }, { url_path: { path: { prefix: '/' } } }] },
  };
  const principal = { authenticated: { principal_name: { exact: identity } } };
  const rules = { action: 'ALLOW', policies: { client: { permissions: [permission], principals: [principal] } } };
  return { name: 'envoy.filters.http.rbac', typed_config: { '@type': extension('filters.http.rbac.v3.RBAC'), rules } };
}

export function tcpProxy(): unknown {
  const proxy = { '@type': extension('filters.network.tcp_proxy.v3.TcpProxy'), stat_prefix: 'in', cluster: 'upstream' };
  return { name: 'envoy.filters.network.tcp_proxy', typed_config: proxy };
}

export interface ClusterPieces {
  readonly port: number;
  readonly http2?: boolean;
  readonly transportSocket?: unknown;
}

export function cluster({ port, http2, transportSocket }: ClusterPieces): unknown {
  const limits = { max_connections: 4096, max_requests: 4096, max_pending_requests: 4096 };
  const protocol = {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': extension('upstreams.http.v3.HttpProtocolOptions'),
      explicit_http_config: { http2_protocol_options: {} },
    },
  };
  return {
    name: 'upstream',
    type: 'STATIC',
    circuit_breakers: { thresholds: [limits] },
    ...(http2 === true ? { typed_extension_protocol_options: protocol } : {}),
    ...(transportSocket === undefined ? {} : { transport_socket: transportSocket }),
    load_assignment: {
      cluster_name: 'upstream',
      endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress(port) } }] }],
    },
  };
}

function tlsContext(own: IdentityFiles, authority: string, peer: string, version: HttpVersion): unknown {
  return {
    alpn_protocols: [version === 'http2' ? 'h2' : 'http/1.1'],
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [{ certificate_chain: { filename: own.certificate }, private_key: { filename: own.key } }],
    validation_context: {
      trusted_ca: { filename: authority },
      match_typed_subject_alt_names: [
        { san_type: 'URI', matcher: peer === '' ? { prefix: 'spiffe://cluster.local/' } : { exact: peer } },
      ],
    },
  };
}

/** Connects as `own` to a server that must prove to be `peer`. */
export function upstreamTls(own: IdentityFiles, authority: string, peer: string, version: HttpVersion): unknown {
  const type = extension('transport_sockets.tls.v3.UpstreamTlsContext');
  const config = { '@type': type, common_tls_context: tlsContext(own, authority, peer, version) };
  return { name: 'envoy.transport_sockets.tls', typed_config: config };
}

/** Takes peers of the trust domain only. */
export function downstreamTls(own: IdentityFiles, authority: string, version: HttpVersion): unknown {
  const type = extension('transport_sockets.tls.v3.DownstreamTlsContext');
  const common = tlsContext(own, authority, '', version);
  const config = { '@type': type, require_client_certificate: true, common_tls_context: common };
  return { name: 'envoy.transport_sockets.tls', typed_config: config };
}
