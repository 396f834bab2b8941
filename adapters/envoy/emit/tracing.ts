import { isIP } from 'node:net';
import { traceService } from '../../../src/model/trace-service.ts';
import type { Workload } from '../../../src/model/types.ts';
import { collectorClusterName } from '../names.ts';
import type { EnvoyOptions } from '../options.ts';
import { lookups } from './dns.ts';
import { any, type Message, socketAddress } from './message.ts';

const samplers = 'envoy.extensions.tracers.opentelemetry.samplers.v3';
/** Shares are in millionths. */
const million = 1_000_000;

/**
 * What an HTTP connection manager says to report spans to a collector, in W3C's context: of the hop, and inside it of each try. A trace
 * that somebody decided about before stays decided.
 */
export function tracing({ tracing: asked }: EnvoyOptions, workload: Workload): Message {
  if (asked === undefined) return {};
  const { sampling = 100, collector, protocol = 'grpc' } = asked;
  // The cluster's name, which Envoy would send, is no authority.
  const authority = collector.address.includes(':') ? `[${collector.address}]` : collector.address;
  const clusterName = collectorClusterName(workload.id);
  const ratio = sampler('trace_id_ratio_based', 'TraceIdRatioBasedSamplerConfig', {
    samplingPercentage: { numerator: Math.round((sampling / 100) * million), denominator: 'MILLION' },
  });
  return {
    // By default only what has an x-request-id is traced.
    requestIdExtension: {
      typedConfig: any('envoy.extensions.request_id.uuid.v3.UuidRequestIdConfig', {
        packTraceReason: false,
        useRequestIdForTraceSampling: false,
      }),
    },
    tracing: {
      provider: {
        name: 'envoy.tracers.opentelemetry',
        typedConfig: any('envoy.config.trace.v3.OpenTelemetryConfig', {
          ...(protocol === 'grpc'
            ? { grpcService: { envoyGrpc: { clusterName, authority }, timeout: '1s' } }
            : {
                httpService: {
                  httpUri: {
                    uri: `http://${authority}:${collector.port}/v1/traces`,
                    cluster: clusterName,
                    timeout: '1s',
                  },
                },
              }),
          serviceName: traceService(workload),
          sampler: sampler('parent_based', 'ParentBasedSamplerConfig', { wrappedSampler: ratio }),
        }),
      },
      spawnUpstreamSpan: true,
      customTags: [
        { tag: 'workload', literal: { value: workload.id } },
        accessTag('smi.access', 'enforced_engine_result'),
        accessTag('smi.rule', 'enforced_effective_policy_id'),
        accessTag('smi.audit', 'shadow_engine_result'),
      ],
    },
  };
}

function sampler(name: string, type: string, config: Message): Message {
  return { name: `envoy.tracers.opentelemetry.samplers.${name}`, typedConfig: any(`${samplers}.${type}`, config) };
}

/** What access control found; absent where it was not asked. */
function accessTag(tag: string, key: string): Message {
  return { tag, metadata: { kind: { request: {} }, metadataKey: { key: 'envoy.filters.http.rbac', path: [{ key }] } } };
}

/** The cluster of the collector, which takes OTLP in plain text. */
export function collectorClusters(options: EnvoyOptions, { id }: Workload): readonly Message[] {
  if (options.tracing === undefined) return [];
  const { collector, protocol = 'grpc' } = options.tracing;
  const { address, port } = collector;
  const name = collectorClusterName(id);
  const http = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  return [
    {
      name,
      ...(isIP(address) !== 0 ? { type: 'STATIC' } : { type: 'LOGICAL_DNS', ...lookups(options) }),
      connectTimeout: '5s',
      ...(protocol === 'grpc'
        ? { typedExtensionProtocolOptions: { [http]: any(http, { explicitHttpConfig: { http2ProtocolOptions: {} } }) } }
        : {}),
      loadAssignment: {
        clusterName: name,
        endpoints: [{ lbEndpoints: [{ endpoint: { address: socketAddress(address, port) } }] }],
      },
    },
  ];
}
