import { WEBSOCKET } from '../codec/upgrade.ts';
import { limits } from '../limits.ts';
import type { Peer } from '../listeners/peer.ts';
import { ANSWER, type CompiledPhases, runRequest, WAIT } from '../phases/phase.ts';
import { DEADLINE_EXCEEDED, isGrpc } from '../policy/grpc.ts';
import { CONNECT_FAILURE, PER_TRY_TIMEOUT, RESET } from '../policy/retry-conditions.ts';
import { Exchange } from '../routing/exchange.ts';
import type { TunnelBytes } from '../telemetry/requests.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { ResponseConsumer, UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import type { Downstream } from './downstream.ts';
import { grpcAnswer } from './grpc-answer.ts';
import type { Fields, RequestMessage, ResponseMessage } from './message.ts';
import { RequestBody } from './request-body.ts';
import { RequestTimers } from './request-timers.ts';
import { stampDeadline } from './stamp-deadline.ts';
import { afterAnswer, afterFailure, ENOUGH, unsentHeader } from './tries.ts';

const empty = Buffer.alloc(0);
const resendable = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'TRACE']);

/** The ticker, as far as it is looked at here. */
export interface Clock {
  readonly now: number;
  readonly wheel: TimerWheel;
}

/** No request is under way. */
const IDLE = 0;
/** The phases have the request, or wait; or another try is due. */
const DECIDING = 1;
/** A pool was asked for a stream. */
const WAITING = 2;
/** A stream carries the request. */
const FORWARDING = 3;

/**
 * One request at a time between a client's connection and a server's, whatever protocols they speak: runs the phases,
 * carries the bodies, and sees to it that every request ends exactly once.
 */
export class Transaction implements ResponseConsumer {
  readonly exchange: Exchange;
  /** When `tick` gives the request up, on the ticker's clock. */
  deadline = 0;
  readonly #downstream: Downstream;
  readonly #clock: Clock;
  readonly #body = new RequestBody();
  #phases: CompiledPhases | undefined;
  #nextPhase = 0;
  /** Whether phases run right now: then the exchange's clock is as good as new. */
  #running = false;
  #state: number = IDLE;
  #stream: UpstreamStream | undefined;
  #resent = false;
  #responseBegun = false;
  #requestPaused = false;
  #tunnel: TunnelBytes | undefined;
  /** Undefined until a request needs one. */
  #timers: RequestTimers | undefined;
  #onComplete: ((body: RequestBody | undefined) => void) | undefined;

  constructor(downstream: Downstream, peer: Peer, clock: Clock) {
    this.#downstream = downstream;
    this.#clock = clock;
    this.exchange = new Exchange(this);
    this.exchange.peer = peer.identity;
    this.exchange.peerAddress = peer.address;
  }

  get busy(): boolean {
    return this.#state !== IDLE;
  }

  /** Whether the client has sent all of its request. */
  get requestComplete(): boolean {
    return this.#body.complete;
  }

  get responseBegun(): boolean {
    return this.#responseBegun;
  }

  get tunnelling(): boolean {
    return this.#tunnel !== undefined;
  }

  get method(): string {
    return this.exchange.request.method;
  }

  get upgrading(): boolean {
    return this.exchange.request.upgrade === WEBSOCKET;
  }

  get expiresAt(): number {
    return this.exchange.deadline;
  }

  // --- from the client

  /** A request begins; `start` or `refuse` follows. */
  begin(phases: CompiledPhases, request: RequestMessage): void {
    this.#phases = phases;
    this.#nextPhase = 0;
    this.#state = DECIDING;
    this.#resent = false;
    this.#responseBegun = false;
    this.#requestPaused = false;
    this.#tunnel = undefined;
    this.#body.begin();
    this.exchange.begin(request, performance.now());
    this.#alive();
  }

  /** The head is there, and what came of the content. */
  start(first: Buffer | undefined, complete: boolean): void {
    if (first !== undefined) this.#body.add(first, false);
    this.#body.complete = complete;
    this.proceed();
    if (this.#state === DECIDING || this.#state === WAITING) this.#pauseRequest();
  }

  /** What came is no proper request. */
  refuse(status: number): void {
    this.#body.complete = false;
    this.exchange.status = status;
    this.#responseBegun = true;
    this.#downstream.local(status, this.method, undefined);
    this.#finish();
  }

  content(piece: Buffer): void {
    this.#alive();
    if (this.#tunnel !== undefined) {
      this.#tunnel.toServer.value += piece.length;
      if (this.#stream?.sendBody(piece) === false) this.#pauseRequest();
      return;
    }
    if (this.#state === IDLE) return;
    this.#body.add(piece, this.#stream !== undefined);
    if (this.#stream?.sendBody(piece) === false) this.#pauseRequest();
  }

  requestEnd(trailers: Fields | undefined): void {
    if (this.#state === IDLE) return;
    this.#body.complete = true;
    this.#body.trailers = trailers;
    this.#completed(this.#body);
    if (this.#stream === undefined) return;
    this.exchange.now = performance.now();
    this.exchange.sentAt = this.exchange.now;
    this.#stream.sendEnd(trailers);
  }

  /** What followed was no proper body. */
  requestBroken(): void {
    if (this.#responseBegun) this.#breakOff();
    else this.#answerInstead(400);
  }

  /** The client ended its side of a tunnel. */
  endInput(): void {
    this.#stream?.endInput();
  }

  /** The client is gone: nobody waits for the answer. */
  clientGone(): void {
    if (this.#state === IDLE) return;
    this.#abandon();
    if (this.exchange.status === 0) this.exchange.status = 499;
    if (this.#tunnel === undefined) this.exchange.failed();
    this.#end();
  }

  clientDrained(): void {
    this.#stream?.resumeResponse();
  }

  /** Gives up what takes too long. */
  tick(now: number): void {
    if (this.#state === IDLE || now < this.deadline) return;
    if (this.#responseBegun) {
      this.#breakOff();
      return;
    }
    // A client that does not send its body is no fault of the server.
    if (this.#body.complete) this.exchange.unanswered();
    this.#answerInstead(504);
  }

  // --- phases

  /** Goes on with the next phase: at first, and when one that said `WAIT` is done. */
  proceed(): void {
    this.#running = true;
    const step = runRequest(this.#phases!, this.exchange, this.#nextPhase);
    this.#running = false;
    if (step === ANSWER) this.#answer(this.exchange.status);
    else if (step >= WAIT) this.#nextPhase = step - WAIT;
  }

  proceedAfter(millis: number): void {
    this.#precise().setStep(performance.now() + millis);
  }

  whenComplete(run: (body: RequestBody | undefined) => void): void {
    if (this.#body.complete) run(this.#body);
    else this.#onComplete = run;
  }

  giveUpAt(time: number): void {
    this.#precise().setDeadline(time);
  }

  /** A phase that said `WAIT` decided that the request is answered with `exchange.status`. */
  answerNow(): void {
    if (this.#state === DECIDING) this.#answer(this.exchange.status);
  }

  /** A pool is about to be asked. */
  awaitUpstream(): void {
    const perTry = this.exchange.policy?.perTryMillis ?? 0;
    this.#state = WAITING;
    this.#alive();
    if (perTry > 0) this.#precise().setStep(performance.now() + perTry);
  }

  // --- towards the server

  upstreamReady(stream: UpstreamStream): void {
    const body = this.#body;
    const { complete } = body;
    const first = body.take();
    this.#state = FORWARDING;
    this.#stream = stream;
    if (!this.#running) this.exchange.now = performance.now();
    this.exchange.sentAt = complete ? this.exchange.now : 0;
    const wholly = complete && body.trailers === undefined;
    if (this.exchange.deadline !== 0) stampDeadline(this.exchange);
    const more = stream.sendHead(this.exchange, first, wholly);
    if (complete && !wholly) stream.sendEnd(body.trailers);
    if (!complete && more) this.#resumeRequest();
  }

  requestDrained(): void {
    if (!this.#body.complete) this.#resumeRequest();
  }

  upstreamFailed(failure: UpstreamFailure): void {
    this.#stream = undefined;
    if (this.#resend(failure)) return;
    // A server that refused the request, like one that was not there, has done nothing of it.
    if (failure === 'connect' || failure === 'refused') this.#tryFailed(CONNECT_FAILURE, 503, failure);
    else if (failure === 'overload' || failure === 'limit') this.#tryFailed(0, 503, failure);
    // Servers of gRPC reset calls at the deadline that they were told, which is rounded down.
    else if (this.expiresAt !== 0 && performance.now() > this.expiresAt - limits.deadlineSlackMillis)
      this.#deadlinePassed();
    else this.#tryFailed(RESET, 502, failure);
  }

  /** One try gave no answer; without another one the client gets `status`. */
  #tryFailed(condition: number, status: number, failure?: UpstreamFailure): void {
    const { exchange } = this;
    exchange.unanswered(failure);
    const wait = this.#body.replayable ? afterFailure(exchange, condition) : ENOUGH;
    if (wait !== ENOUGH) {
      this.#tryAgain(wait);
      return;
    }
    exchange.failed();
    if (condition === CONNECT_FAILURE) exchange.editResponse().set(unsentHeader, 'true');
    this.#answer(status);
  }

  /** Whether an answer is not passed on because another try follows. */
  #discards(head: ResponseMessage): boolean {
    const { exchange } = this;
    const wait = this.#body.replayable ? afterAnswer(exchange, head) : ENOUGH;
    if (wait === ENOUGH) return false;
    exchange.status = head.status;
    exchange.response = head;
    exchange.now = performance.now();
    for (const phase of this.#phases!.discarded) phase(exchange);
    exchange.status = 0;
    exchange.response = undefined;
    this.#tryAgain(wait);
    return true;
  }

  /** Leaves the endpoint and, after a pause, has the phases choose another one. */
  #tryAgain(millis: number): void {
    this.exchange.leaveEndpoint();
    this.#stream = undefined;
    this.#state = DECIDING;
    this.#nextPhase = this.#phases!.tryFrom;
    this.#pauseRequest();
    this.proceedAfter(millis);
  }

  /**
   * True when the request goes out once more: the server closed an idle connection before it read anything, nothing of the
   * request is lost, and its method is idempotent (RFC 9110 9.2.2).
   */
  #resend(failure: UpstreamFailure): boolean {
    const { endpoint, series } = this.exchange;
    if (failure !== 'stale' || endpoint === undefined || this.#resent) return false;
    if (!this.#body.replayable || !this.#body.complete || !resendable.has(this.method)) return false;
    this.#resent = true;
    series?.retried('stale-connection');
    this.#state = WAITING;
    endpoint.pool.acquire(this, true);
    return true;
  }

  // --- back to the client

  interim(head: ResponseMessage): void {
    this.#downstream.interim(head);
  }

  wholeResponse(head: ResponseMessage, bytes: Buffer, start: number, end: number): void {
    if (this.#discards(head)) return;
    this.#beginResponse(head);
    this.#downstream.whole(head, this.exchange.responseEdits, bytes, start, end);
    this.#stream = undefined;
    this.#finish(this.exchange.now);
  }

  responseHead(head: ResponseMessage, bodiless: boolean): void {
    const stream = this.#stream;
    if (this.#discards(head)) {
      stream?.abandon();
      return;
    }
    this.#beginResponse(head);
    if (head.status === 101) {
      this.#timers?.clearDeadline();
      this.#tunnel = this.exchange.series!.tunnel();
      this.#downstream.switching(head);
    } else this.#downstream.head(head, this.exchange.responseEdits, bodiless);
  }

  responseBody(content: Buffer): boolean {
    this.#alive();
    if (this.#tunnel !== undefined) this.#tunnel.toClient.value += content.length;
    return this.#downstream.body(content);
  }

  responseEnd(trailers: Fields | undefined): void {
    this.#stream = undefined;
    this.#downstream.ended(trailers);
    this.#finish();
  }

  responseBroken(): void {
    this.#stream = undefined;
    this.#breakOff();
  }

  #beginResponse(head: ResponseMessage): void {
    this.exchange.status = head.status;
    this.exchange.response = head;
    this.exchange.now = performance.now();
    this.#responseBegun = true;
    this.#timers?.clearStep();
    for (const phase of this.#phases!.response) phase(this.exchange);
  }

  /** An answer of the proxy's own. */
  #answer(status: number): void {
    const { exchange } = this;
    exchange.status = status;
    this.#responseBegun = true;
    if (isGrpc(exchange.request.fields.lookup('content-type'))) {
      this.#downstream.whole(grpcAnswer(status, exchange.grpcStatus), exchange.responseEdits, empty, 0, 0);
    } else this.#downstream.local(status, this.method, exchange.responseEdits);
    this.#finish();
  }

  #answerInstead(status: number): void {
    this.#abandon();
    this.exchange.failed();
    this.#answer(status);
  }

  #breakOff(): void {
    this.#abandon();
    this.exchange.failed();
    this.#end();
    this.#downstream.breakOff();
  }

  #finish(now = performance.now()): void {
    const { complete } = this.#body;
    this.#end(now);
    this.#downstream.finished(complete);
  }

  #end(now = performance.now()): void {
    this.#state = IDLE;
    this.exchange.now = now;
    this.#timers?.clearStep();
    this.#timers?.clearDeadline();
    this.#completed(undefined);
    for (const phase of this.#phases!.end) phase(this.exchange);
    this.#body.forget();
    this.exchange.response = undefined;
  }

  /** Nothing more of the request comes; it is all here, or it never will be. */
  #completed(body: RequestBody | undefined): void {
    const run = this.#onComplete;
    if (run === undefined) return;
    this.#onComplete = undefined;
    run(body);
  }

  #alive(): void {
    this.deadline = this.#clock.now + this.exchange.idleMillis;
  }

  #precise(): RequestTimers {
    this.#timers ??= new RequestTimers(
      this.#clock.wheel,
      () => this.#deadlinePassed(),
      () => this.#stepOver(),
    );
    return this.#timers;
  }

  /** A pause before the next phase or try, or the time of a try. */
  #stepOver(): void {
    if (this.#state === DECIDING) {
      this.exchange.now = performance.now();
      this.proceed();
      return;
    }
    this.#abandon();
    this.#tryFailed(PER_TRY_TIMEOUT, 504);
  }

  #deadlinePassed(): void {
    const { exchange } = this;
    exchange.series?.deadlineExceeded();
    if (this.#responseBegun) {
      this.#breakOff();
      return;
    }
    // A client that does not send its body is no fault of the server.
    if (this.#body.complete) exchange.unanswered();
    exchange.grpcStatus = DEADLINE_EXCEEDED;
    this.#answerInstead(504);
  }

  /** Gives the request up, wherever it is. */
  #abandon(): void {
    const stream = this.#stream;
    this.#stream = undefined;
    if (stream !== undefined) stream.abandon();
    else if (this.#state === WAITING) this.exchange.endpoint?.pool.cancel(this);
  }

  #pauseRequest(): void {
    if (this.#body.complete || this.#requestPaused) return;
    this.#requestPaused = true;
    this.#downstream.pauseRequest();
  }

  #resumeRequest(): void {
    if (!this.#requestPaused) return;
    this.#requestPaused = false;
    this.#downstream.resumeRequest();
  }
}
