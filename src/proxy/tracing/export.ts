import { limits } from '../limits.ts';
import type { SpanExport } from './queue.ts';
import type { FinishedSpan } from './span.ts';

/** The collector of a proxy's spans. */
export interface Collector {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'grpc' | 'http';
}

export interface SpanResource {
  /** `NAMESPACE/OWNER`. */
  readonly service: string;
  /** `NAMESPACE/POD`. */
  readonly workload: string;
}

/** Sends spans by OTLP. OpenTelemetry's libraries are loaded with the first batch. */
export function otlpExport(collector: Collector, resource: SpanResource): SpanExport {
  let loaded: Promise<SpanExport> | undefined;
  return async (spans) => {
    try {
      loaded ??= load(collector, resource);
      return await (await loaded)(spans);
    } catch {
      return false;
    }
  };
}

async function load({ address, port, protocol }: Collector, resource: SpanResource): Promise<SpanExport> {
  const { resourceFromAttributes } = await import('@opentelemetry/resources');
  const { OTLPTraceExporter } =
    protocol === 'grpc'
      ? await import('@opentelemetry/exporter-trace-otlp-grpc')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  const host = address.includes(':') ? `[${address}]` : address;
  const url = `http://${host}:${port}${protocol === 'http' ? '/v1/traces' : ''}`;
  const exporter = new OTLPTraceExporter({ url, timeoutMillis: limits.spanExportMillis });
  const [namespace = '', pod = ''] = resource.workload.split('/');
  const shared = {
    resource: resourceFromAttributes({
      'service.name': resource.service,
      'service.instance.id': resource.workload,
      'k8s.namespace.name': namespace,
      'k8s.pod.name': pod,
    }),
    instrumentationScope: { name: 'smi-mesh' },
    links: [],
    events: [],
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  return (spans) =>
    new Promise((resolve) => {
      exporter.export(
        spans.map((span) => ({ ...shared, ...readable(span) })),
        // `ExportResultCode.SUCCESS`
        ({ code }) => resolve(code === 0),
      );
    });
}

/** What OpenTelemetry's exporters read. */
function readable({ traceId, spanId, parentId, sampled, name, kind, start, end, attributes, error }: FinishedSpan) {
  const traceFlags = sampled ? 1 : 0;
  return {
    name,
    kind,
    spanContext: () => ({ traceId, spanId, traceFlags }),
    ...(parentId === '' ? {} : { parentSpanContext: { traceId, spanId: parentId, traceFlags } }),
    startTime: hrTime(start),
    endTime: hrTime(end),
    duration: hrTime(end - start),
    // `SpanStatusCode.ERROR` and `UNSET`
    status: error === undefined ? { code: 0 } : { code: 2, message: error },
    attributes,
  };
}

function hrTime(millis: number): [number, number] {
  const seconds = Math.floor(millis / 1_000);
  return [seconds, Math.round((millis - seconds * 1_000) * 1e6)];
}
