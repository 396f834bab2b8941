import { RequestHead } from '../codec/request-head.ts';
import type { RequestSeries, Verdict } from '../telemetry/requests.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { ResponseConsumer } from '../upstream/consumer.ts';
import type { EndpointPool } from '../upstream/endpoint-pool.ts';

/**
 * One request and its response, as the phases see it. A connection has one exchange and uses it for its requests in
 * turn: nothing of it may be kept beyond `end`.
 */
export class Exchange {
  readonly head = new RequestHead();
  readonly consumer: ResponseConsumer;
  /** Normal form, without query. */
  path = '';
  /** With its `?`, or empty. */
  query = '';
  /** Host in lower case. */
  authority = '';
  /** The verified SPIFFE id of the client; empty where there is none. */
  peer = '';
  /** The address that the client's connection comes from. */
  peerAddress = '';
  /** Milliseconds on the monotonic clock. */
  startedAt = 0;
  /** When the whole request was on its way to the server, on the same clock; 0 before. */
  sentAt = 0;
  /** The status that the client gets or got; 0 before there is one. */
  status = 0;
  verdict: Verdict = 'rejected';
  /** Name of the rule or route that decided, for logs. */
  rule = '';
  series: RequestSeries | undefined;
  cluster: Cluster | undefined;
  pool: EndpointPool | undefined;

  constructor(consumer: ResponseConsumer) {
    this.consumer = consumer;
  }

  begin(now: number): void {
    this.head.method = '';
    this.path = '';
    this.query = '';
    this.authority = '';
    this.startedAt = now;
    this.sentAt = 0;
    this.status = 0;
    this.verdict = 'rejected';
    this.rule = '';
    this.series = undefined;
    this.cluster = undefined;
    this.pool = undefined;
  }

  /** The server or the way to it failed; what a server's proxy decided about access stands. */
  failed(): void {
    if (this.verdict === 'forwarded') this.verdict = 'failed';
  }

  /** The chosen endpoint gave no answer. */
  unanswered(): void {
    this.pool?.latency.failed(performance.now());
    this.failed();
  }

  get method(): string {
    return this.head.method;
  }

  /** The value of a lower-case header name, several joined with `,`; `:authority` is the host. */
  header(name: string): string | undefined {
    return name === ':authority' ? this.authority : this.head.fields.lookup(name);
  }
}
