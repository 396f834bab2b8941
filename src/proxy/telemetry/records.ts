import { parseSpiffeId } from '../../lib/spiffe.ts';
import type { Party, RecordHeaders, RequestRecord } from '../../telemetry/record.ts';
import type { TapHub } from '../../telemetry/tap.ts';
import { RequestHead } from '../codec/request-head.ts';
import type { Fields } from '../http/message.ts';
import { isGrpc } from '../policy/grpc.ts';
import type { Exchange } from '../routing/exchange.ts';
import { traceIdOf } from '../tracing/request-trace.ts';

/** Makes records of what the proxy of one workload carried, while somebody taps. */
export class RecordSource {
  readonly #taps: TapHub;
  readonly #node: string;

  /** `node`: `NAMESPACE/POD`. */
  constructor(taps: TapHub, node: string) {
    this.#taps = taps;
    this.#node = node;
  }

  /** Nobody wants records. */
  get idle(): boolean {
    return this.#taps.idle;
  }

  /** To be called while the exchange still has its messages. */
  finished(exchange: Exchange): void {
    this.#taps.offer(recordOf(exchange, this.#node, this.#taps.wantsHeaders));
  }
}

function recordOf(exchange: Exchange, reporter: string, headers: boolean): RequestRecord {
  const { request, response, series, startedAt, sentAt, answeredAt, now, grant, trailers } = exchange;
  const direction = series?.labels.direction ?? (exchange.peer === '' ? 'outbound' : 'inbound');
  const outbound = direction === 'outbound';
  const grpc = isGrpc(request.fields.lookup('content-type'));
  const grpcStatus = grpc ? (trailers?.lookup('grpc-status') ?? response?.fields.lookup('grpc-status')) : undefined;
  const own = { ...nobody, workload: reporter, namespace: namespaceOf(reporter) };
  const parties = outbound
    ? { source: own, destination: serverOf(exchange) }
    : { source: clientOf(exchange), destination: own };
  return {
    time: Date.now() - (performance.now() - startedAt),
    reporter,
    dataPlane: 'proxy',
    direction,
    protocol: grpc ? 'grpc' : request instanceof RequestHead ? 'http1' : 'http2',
    ...parties,
    method: exchange.method,
    authority: exchange.authority.toLowerCase(),
    path: exchange.path,
    code: exchange.status,
    ...(grpcStatus === undefined ? {} : { grpcStatus: Number(grpcStatus) }),
    verdict: exchange.verdict,
    rule: outbound ? '' : (grant?.rule ?? exchange.rule),
    ...(grant?.origin === undefined ? {} : { origin: { object: grant.origin.object, path: grant.origin.path } }),
    split: outbound ? exchange.rule : '',
    backend: series?.labels.backend ?? '',
    millis: now - startedAt,
    ...(sentAt === 0 ? {} : { sentMillis: sentAt - startedAt }),
    ...(answeredAt === 0 ? {} : { answeredMillis: answeredAt - startedAt }),
    requestBytes: exchange.requestBytes,
    responseBytes: exchange.responseBytes,
    retries: exchange.tried.length,
    traceId: traceIdOf(exchange),
    reason: exchange.reason,
    ...(headers ? { requestHeaders: headersOf(request.fields) } : {}),
    ...(headers && response !== undefined ? { responseHeaders: headersOf(response.fields) } : {}),
  };
}

const nobody: Party = { workload: '', namespace: '', service: '', identity: '', address: '' };

function clientOf({ peer, peerAddress }: Exchange): Party {
  const namespace = parseSpiffeId(peer)?.namespace ?? '';
  return { ...nobody, namespace, identity: peer, address: peerAddress };
}

function serverOf({ series, endpoint }: Exchange): Party {
  const service = series?.labels.destination ?? '';
  const workload = endpoint?.pool.target.workload ?? '';
  const identity = endpoint?.pool.target.identity ?? '';
  return { workload, namespace: namespaceOf(workload || service), service, identity, address: endpoint?.id ?? '' };
}

function namespaceOf(id: string): string {
  return id.includes('/') ? id.slice(0, id.indexOf('/')) : '';
}

function headersOf(fields: Fields): RecordHeaders {
  const found: [string, string][] = [];
  fields.each((name, value) => found.push([name, value]));
  return found;
}
