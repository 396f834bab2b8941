import type { Verdict } from '../../telemetry/labels.ts';
import type { RequestSeries } from '../../telemetry/requests.ts';
import { NO_UPGRADE } from '../codec/upgrade.ts';
import { FieldList } from '../http/field-list.ts';
import { HeaderEdits } from '../http/header-edits.ts';
import type { Fields, RequestMessage, ResponseMessage } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import type { RequestBody } from '../http/request-body.ts';
import type { Destination } from '../interception/original-destination.ts';
import { limits } from '../limits.ts';
import type { RequestPolicy } from '../policy/request-policy.ts';
import type { Breaker } from '../upstream/breaker.ts';
import type { Cluster } from '../upstream/cluster.ts';
import type { ResponseConsumer, UpstreamFailure } from '../upstream/consumer.ts';
import type { Endpoint } from '../upstream/endpoint.ts';

/** What phases may ask of the transaction that an exchange belongs to. */
export interface ExchangeTransaction extends ResponseConsumer {
  /** A pool is about to be asked for a stream. */
  awaitUpstream(): void;
  /** Goes on behind a phase that said `WAIT`. */
  proceed(): void;
  /** Does that after some milliseconds. */
  proceedAfter(millis: number): void;
  /** Calls back once the whole request has come, now or later; without its body when the exchange ends before. */
  whenComplete(run: (body: RequestBody | undefined) => void): void;
  /** Answers with 504 when the request is not over at a time on the monotonic clock. */
  giveUpAt(time: number): void;
  /** Answers with `exchange.status` in the place of a phase that said `WAIT`. */
  answerNow(): void;
}

/** A rule of access control as it is reported. */
export interface DecidingRule {
  readonly rule: string;
  /** Where it stands: an object, and a field of it. */
  readonly origin?: { readonly object: string; readonly path: string } | undefined;
}

/** Who follows a request for its trace. */
export interface FollowedRequest {
  readonly traceId: string;
  /** The request is about to go to the chosen endpoint, which is told whose child it is. */
  tryBegins(exchange: Exchange): void;
  /** The head of an answer is there, to be passed on or not. */
  answered(exchange: Exchange): void;
  /** The try under way gets no answer. */
  unanswered(reason: string): void;
  end(exchange: Exchange): void;
}

/** In a 503 of the server's proxy: no program has seen the request. */
export const unsentHeader = 'x-smi-unsent';

const nobody: readonly Endpoint[] = [];

const none: RequestMessage = {
  method: '',
  target: '',
  queryStart: 0,
  plainPath: false,
  host: '',
  fields: new FieldList([]),
  contentLength: -1,
  upgrade: NO_UPGRADE,
};

/**
 * One request and its response, as the phases see it. An exchange serves the requests of a connection in turn: nothing of
 * it may be kept beyond `end`.
 */
export class Exchange implements OutgoingRequest {
  readonly transaction: ExchangeTransaction;
  request: RequestMessage = none;
  /** The head of the server's answer, while it is under way. */
  response: ResponseMessage | undefined;
  requestEdits: HeaderEdits | undefined;
  responseEdits: HeaderEdits | undefined;
  /** What a phase that said `WAIT` waits for: its own object, so that it knows whether the request is still the same. */
  waitingFor: object | undefined;
  /** Normal form, without query. */
  path = '';
  /** With its `?`, or empty. */
  query = '';
  /** The host as it was sent. */
  authority = '';
  /** The verified SPIFFE id of the client; empty where there is none. */
  peer = '';
  /** The address that the client's connection comes from. */
  peerAddress = '';
  /** Where the client's connection was going, when that is no service's address and decides. */
  destination: Destination | undefined;
  /** The last reading of the monotonic clock, in milliseconds: fresh when `response` and `end` hooks run. */
  now = 0;
  /** On the same clock. */
  startedAt = 0;
  /** When the whole request was on its way to the server, on the same clock; 0 before. */
  sentAt = 0;
  /** When the head of the server's answer was there, on the same clock; 0 before. */
  answeredAt = 0;
  /** Of the bodies so far. */
  requestBytes = 0;
  responseBytes = 0;
  /** Those of the server's answer. */
  trailers: Fields | undefined;
  /** The status that the client gets or got; 0 before there is one. */
  status = 0;
  verdict: Verdict = 'rejected';
  /** Why there is no answer of the server's, in a word; empty where there is one, or something else was decided. */
  reason = '';
  /** Name of the rule or route that decided, for logs. */
  rule = '';
  /** What let it in, or of a denied request came nearest to it. */
  grant: DecidingRule | undefined;
  /** Undefined: nobody follows the request. */
  trace: FollowedRequest | undefined;
  series: RequestSeries | undefined;
  cluster: Cluster | undefined;
  endpoint: Endpoint | undefined;
  /** Of which the request holds a place. */
  breaker: Breaker | undefined;
  /** Endpoints that had the request and did not answer it. */
  tried: readonly Endpoint[] = nobody;
  /** Of which the request holds a place among the retries. */
  retryBreaker: Breaker | undefined;
  /** Undefined where a request is not ours to try again, delay or change: at the server. */
  policy: RequestPolicy | undefined;
  /** When the answer must be complete, on the monotonic clock; 0: there is no such time. */
  deadline = 0;
  /** How long nothing may come from either side. */
  idleMillis: number = limits.stalledMillis;
  /** What an answer of the proxy's own says to a client of gRPC; 0: what stands for its `status`. */
  grpcStatus = 0;

  constructor(transaction: ExchangeTransaction) {
    this.transaction = transaction;
  }

  begin(request: RequestMessage, now: number): void {
    this.request = request;
    this.response = undefined;
    this.requestEdits = undefined;
    this.responseEdits = undefined;
    this.waitingFor = undefined;
    this.path = '';
    this.query = '';
    this.authority = '';
    this.now = now;
    this.startedAt = now;
    this.sentAt = 0;
    this.answeredAt = 0;
    this.requestBytes = 0;
    this.responseBytes = 0;
    this.trailers = undefined;
    this.status = 0;
    this.verdict = 'rejected';
    this.reason = '';
    this.rule = '';
    this.grant = undefined;
    this.trace = undefined;
    this.series = undefined;
    this.cluster = undefined;
    this.endpoint = undefined;
    this.breaker = undefined;
    this.tried = nobody;
    this.retryBreaker = undefined;
    this.policy = undefined;
    this.deadline = 0;
    this.idleMillis = limits.stalledMillis;
    this.grpcStatus = 0;
  }

  /** The fields that phases add to the request, or take from it. */
  editRequest(): HeaderEdits {
    this.requestEdits ??= new HeaderEdits();
    return this.requestEdits;
  }

  editResponse(): HeaderEdits {
    this.responseEdits ??= new HeaderEdits();
    return this.responseEdits;
  }

  /** The chosen endpoint is done with the request, which goes to another one. */
  leaveEndpoint(): void {
    const { endpoint } = this;
    this.breaker?.release('requests');
    this.breaker = undefined;
    if (endpoint === undefined) return;
    endpoint.pool.outstanding--;
    this.tried = [...this.tried, endpoint];
    this.endpoint = undefined;
    this.sentAt = 0;
  }

  /** The server or the way to it failed; what a server's proxy decided about access stands. */
  failed(): void {
    if (this.verdict === 'forwarded') this.verdict = 'failed';
  }

  /** The chosen endpoint gave no answer: for the reason given, or not in time. */
  unanswered(failure?: UpstreamFailure): void {
    const { endpoint } = this;
    const now = performance.now();
    this.reason = failure ?? 'timeout';
    this.trace?.unanswered(this.reason);
    if (failure === 'overload' || failure === 'limit') this.overloaded();
    if (failure === 'overload') {
      endpoint?.overloaded(now);
      this.cluster?.overflow('queue');
    } else if (failure === undefined) endpoint?.timedOut(now - (this.sentAt || this.startedAt), now);
    else if (failure !== 'limit' && failure !== 'refused') endpoint?.failed(now);
  }

  /** The answer will say that there was too much to do, and that nothing is wrong with the server. */
  overloaded(): void {
    this.editResponse().set('x-smi-overloaded', 'true');
  }

  /** The answer will say that no program has seen the request, so that it can do no harm elsewhere. */
  unsent(): void {
    this.editResponse().set(unsentHeader, 'true');
  }

  get method(): string {
    return this.request.method;
  }

  /** The value of a lower-case header name as phases before left it, several joined with `,`; `:authority` is the host. */
  header(name: string): string | undefined {
    if (name === ':authority') return this.authority;
    const { fields } = this.request;
    return this.requestEdits === undefined ? fields.lookup(name) : this.requestEdits.lookup(name, fields);
  }
}
