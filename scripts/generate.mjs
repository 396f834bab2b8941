// Turns the protobuf sources into what the code loads: descriptors in generated/*.json and types in generated/types.
// Nothing of it is committed; it runs at set-up and before a build.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const modules = path.join(root, 'node_modules');
const deps = path.join(modules, '@grpc/grpc-js-xds/deps');
const includes = [
  ...['envoy-api', 'googleapis', 'protoc-gen-validate', 'xds'].map((name) => path.join(deps, name)),
  path.join(modules, 'protobufjs'),
  path.join(root, 'schemas/proxy'),
];

/** Descriptor name -> the files that it is made of (what they import comes along). */
const descriptors = {
  proxy: ['proxy.proto'],
  discovery: ['envoy/service/discovery/v3/ads.proto'],
  status: ['envoy/service/status/v3/csds.proto'],
  envoy: [
    'envoy/config/bootstrap/v3/bootstrap.proto',
    'envoy/config/rbac/v3/rbac.proto',
    'envoy/config/trace/v3/opentelemetry.proto',
    'envoy/extensions/access_loggers/file/v3/file.proto',
    'envoy/extensions/access_loggers/filters/cel/v3/cel.proto',
    'envoy/extensions/access_loggers/grpc/v3/als.proto',
    'envoy/extensions/access_loggers/stream/v3/stream.proto',
    'envoy/extensions/formatter/cel/v3/cel.proto',
    'envoy/extensions/clusters/dynamic_forward_proxy/v3/cluster.proto',
    'envoy/extensions/filters/http/dynamic_forward_proxy/v3/dynamic_forward_proxy.proto',
    'envoy/extensions/filters/http/fault/v3/fault.proto',
    'envoy/extensions/filters/http/header_mutation/v3/header_mutation.proto',
    'envoy/extensions/filters/http/jwt_authn/v3/config.proto',
    'envoy/extensions/filters/http/local_ratelimit/v3/local_rate_limit.proto',
    'envoy/extensions/filters/http/lua/v3/lua.proto',
    'envoy/extensions/filters/http/rbac/v3/rbac.proto',
    'envoy/extensions/filters/http/router/v3/router.proto',
    'envoy/extensions/filters/http/set_filter_state/v3/set_filter_state.proto',
    'envoy/extensions/http/early_header_mutation/header_mutation/v3/header_mutation.proto',
    'envoy/extensions/rate_limit_descriptors/expr/v3/expr.proto',
    'envoy/extensions/filters/listener/original_dst/v3/original_dst.proto',
    'envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.proto',
    'envoy/extensions/load_balancing_policies/least_request/v3/least_request.proto',
    'envoy/extensions/load_balancing_policies/round_robin/v3/round_robin.proto',
    'envoy/extensions/load_balancing_policies/wrr_locality/v3/wrr_locality.proto',
    'envoy/extensions/network/dns_resolver/cares/v3/cares_dns_resolver.proto',
    'envoy/extensions/bootstrap/internal_listener/v3/internal_listener.proto',
    'envoy/extensions/filters/udp/udp_proxy/session/http_capsule/v3/http_capsule.proto',
    'envoy/extensions/filters/udp/udp_proxy/v3/route.proto',
    'envoy/extensions/filters/udp/udp_proxy/v3/udp_proxy.proto',
    'envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.proto',
    'envoy/extensions/filters/network/rbac/v3/rbac.proto',
    'envoy/extensions/filters/network/tcp_proxy/v3/tcp_proxy.proto',
    'envoy/extensions/retry/host/previous_hosts/v3/previous_hosts.proto',
    'envoy/extensions/request_id/uuid/v3/uuid.proto',
    'envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.proto',
    'envoy/extensions/transport_sockets/tls/v3/tls.proto',
    'envoy/extensions/transport_sockets/tls/v3/tls_spiffe_validator_config.proto',
    'envoy/extensions/upstreams/http/v3/http_protocol_options.proto',
  ],
};

/** Fields of Envoy 1.40 that the sources do not have yet, by message. */
const newer = {
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy': {
    upstreamConnectMode: { type: 'envoy.extensions.filters.network.tcp_proxy.v3.UpstreamConnectMode', id: 21 },
    maxEarlyDataBytes: { type: 'google.protobuf.UInt32Value', id: 22 },
  },
  'envoy.type.tracing.v3.CustomTag': { value: { type: 'string', id: 6 } },
  'envoy.config.route.v3.RouteConfiguration': { vhostHeader: { type: 'string', id: 18 } },
  'envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit': {
    rateLimits: { rule: 'repeated', type: 'envoy.config.route.v3.RateLimit', id: 17 },
    maxDynamicDescriptors: { type: 'google.protobuf.UInt32Value', id: 18 },
    enableRetryAfterHeader: { type: 'bool', id: 19 },
  },
};

/** Messages of Envoy 1.40 that the sources do not have yet. */
const samplers = {
  ParentBasedSamplerConfig: {
    fields: { wrappedSampler: { type: 'envoy.config.core.v3.TypedExtensionConfig', id: 1 } },
  },
  TraceIdRatioBasedSamplerConfig: {
    fields: { samplingPercentage: { type: 'envoy.type.v3.FractionalPercent', id: 1 } },
  },
};

const upstreamConnectModes = { IMMEDIATE: 0, ON_DOWNSTREAM_DATA: 1, ON_DOWNSTREAM_TLS_HANDSHAKE: 2 };

function load(files) {
  const schema = new protobuf.Root();
  schema.resolvePath = (origin, target) => {
    if (path.isAbsolute(target)) return target;
    for (const directory of includes) {
      const candidate = path.join(directory, target);
      if (fs.existsSync(candidate)) return candidate;
    }
    return protobuf.util.path.resolve(origin, target);
  };
  schema.loadSync(files);
  if (schema.lookup('envoy.config.trace.v3.OpenTelemetryConfig') !== null) {
    schema.define('envoy.extensions.tracers.opentelemetry.samplers.v3', samplers);
    schema.define('envoy.extensions.filters.network.tcp_proxy.v3', {
      UpstreamConnectMode: { values: upstreamConnectModes },
    });
  }
  for (const [message, fields] of Object.entries(newer)) {
    const type = schema.lookup(message);
    if (type instanceof protobuf.Type) {
      for (const [name, { rule, type: of, id }] of Object.entries(fields))
        type.add(new protobuf.Field(name, id, of, rule));
    }
  }
  schema.resolveAll();
  return schema;
}

// Made aside and put in place whole, so that a program that starts meanwhile never sees half of it.
const aside = path.join(root, '.cache', `generated-${process.pid}`);
const target = path.join(root, 'generated');
fs.mkdirSync(path.join(aside, 'types'), { recursive: true });
for (const [name, files] of Object.entries(descriptors)) {
  fs.writeFileSync(path.join(aside, `${name}.json`), JSON.stringify(load(files).toJSON()));
}
for (const [name, files] of Object.entries({ proxy: ['proxy.proto'], discovery: descriptors.discovery })) {
  execFileSync(process.execPath, [
    path.join(modules, '@grpc/proto-loader/build/bin/proto-loader-gen-types.js'),
    '--longs=Number',
    '--enums=String',
    '--defaults',
    '--arrays',
    '--objects',
    '--oneofs',
    '--importFileExtension=.ts',
    ...['--grpcLib=@grpc/grpc-js'],
    ...includes.flatMap((directory) => ['-I', directory]),
    '-O',
    path.join(aside, 'types', name),
    '--',
    ...files,
  ]);
}
fs.rmSync(target, { recursive: true, force: true });
fs.renameSync(aside, target);
console.log(`generated ${Object.keys(descriptors).join(', ')}`);
