import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import protobuf from 'protobufjs';

/** A span as a collector gets it (OTLP), ids in hexadecimal. */
export interface Span {
  readonly service: string;
  readonly trace: string;
  readonly id: string;
  readonly parent: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client. */
  readonly kind: number;
  /** Texts and whole numbers alone. */
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly failed: boolean;
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
  message Value { oneof value { string string_value = 1; int64 int_value = 3; } }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes trace_id = 1; bytes span_id = 2; bytes parent_span_id = 4; string name = 5; int32 kind = 6;
    repeated KeyValue attributes = 9; Status status = 15;
  }
  message Status { int32 code = 3; }
`);

interface KeyValue {
  readonly key: string;
  readonly value?: { readonly stringValue?: string; readonly intValue?: number | { toNumber(): number } } | null;
}

interface Request {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly traceId: Buffer;
        readonly spanId: Buffer;
        readonly parentSpanId?: Buffer;
        readonly name: string;
        readonly kind: number;
        readonly attributes: readonly KeyValue[];
        readonly status?: { readonly code: number } | null;
      }[];
    }[];
  }[];
}

const decode = (bytes: Uint8Array) => root.lookupType('Request').decode(bytes) as unknown as Request;

/** Takes spans by OTLP and keeps them. */
export async function startCollector(address: string, protocol: 'grpc' | 'http' = 'grpc'): Promise<Collector> {
  const spans: Span[] = [];
  const take = ({ resourceSpans }: Request) => spans.push(...resourceSpans.flatMap(spansOf));
  const { port, stop } = await (protocol === 'grpc' ? overGrpc(address, take) : overHttp(address, take));
  return { port, spans, stop };
}

type Take = (request: Request) => void;

async function overGrpc(address: string, take: Take) {
  const server = new Server();
  const exported = {
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    requestStream: false,
    responseStream: false,
    requestSerialize: (bytes: Buffer) => bytes,
    requestDeserialize: decode,
    responseSerialize: (bytes: Buffer) => bytes,
    responseDeserialize: (bytes: Buffer) => bytes,
  } as const;
  server.addService(
    { Export: exported },
    {
      Export: ({ request }: { readonly request: Request }, answer: (error: null, bytes: Buffer) => void) => {
        take(request);
        answer(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, stop: () => server.forceShutdown() };
}

async function overHttp(address: string, take: Take) {
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const right = request.url === '/v1/traces' && request.headers['content-type'] === 'application/x-protobuf';
      if (right) take(decode(Buffer.concat(pieces)));
      response.writeHead(right ? 200 : 404, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  server.listen(0, address);
  await once(server, 'listening');
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { port: (server.address() as AddressInfo).port, stop };
}

function spansOf({ resource, scopeSpans }: Request['resourceSpans'][number]): readonly Span[] {
  const service = String(attributesOf(resource.attributes)['service.name'] ?? '');
  return scopeSpans
    .flatMap(({ spans }) => spans)
    .map(({ traceId, spanId, parentSpanId, name, kind, attributes, status }) => ({
      service,
      trace: hex(traceId),
      id: hex(spanId),
      parent: hex(parentSpanId ?? Buffer.alloc(0)),
      name,
      kind,
      attributes: attributesOf(attributes),
      failed: status?.code === 2,
    }));
}

function attributesOf(list: readonly KeyValue[]): Readonly<Record<string, string | number>> {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const number = value?.intValue;
      return [key, value?.stringValue ?? (typeof number === 'object' ? number.toNumber() : (number ?? ''))];
    }),
  );
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
