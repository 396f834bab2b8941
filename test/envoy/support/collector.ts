import { Server, ServerCredentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** A span as a collector gets it (OTLP), ids in hexadecimal. */
export interface Span {
  readonly service: string;
  readonly trace: string;
  readonly id: string;
  readonly parent: string;
}

export interface Collector {
  readonly port: number;
  readonly spans: readonly Span[];
  stop(): void;
}

/** The fields of opentelemetry/proto/collector/trace/v1/trace_service.proto that matter here. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message Request { repeated ResourceSpans resource_spans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message KeyValue { string key = 1; Value value = 2; }
  message Value { string string_value = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span { bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; }
`);

interface Request {
  readonly resourceSpans: readonly {
    readonly resource: {
      readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
    };
    readonly scopeSpans: readonly {
      readonly spans: readonly { readonly traceId: Buffer; readonly spanId: Buffer; readonly parentSpanId?: Buffer }[];
    }[];
  }[];
}

/** Takes spans by OTLP over gRPC and keeps them. */
export async function startCollector(address: string): Promise<Collector> {
  const spans: Span[] = [];
  const server = new Server();
  const exported = {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: (bytes: Buffer) => root.lookupType('Request').decode(bytes) as unknown as Request,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  } as const;
  server.addService(
    { Export: exported },
    {
      Export: ({ request }: { readonly request: Request }, answer: (error: null, bytes: Buffer) => void) => {
        spans.push(...request.resourceSpans.flatMap(spansOf));
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, spans, stop: () => server.forceShutdown() };
}

function spansOf({ resource, scopeSpans }: Request['resourceSpans'][number]): readonly Span[] {
  const service = resource.attributes.find(({ key }) => key === 'service.name')?.value.stringValue ?? '';
  return scopeSpans
    .flatMap(({ spans }) => spans)
    .map(({ traceId, spanId, parentSpanId }) => ({
      service,
      trace: hex(traceId),
      id: hex(spanId),
      parent: hex(parentSpanId ?? Buffer.alloc(0)),
    }));
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
