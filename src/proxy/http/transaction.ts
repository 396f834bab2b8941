import type { TunnelBytes } from '../../telemetry/requests.ts';
import { WEBSOCKET } from '../codec/upgrade.ts';
import { limits } from '../limits.ts';
import type { Peer } from '../listeners/peer.ts';
import { ANSWER, type CompiledPhases, runRequest, WAIT } from '../phases/phase.ts';
import { DEADLINE_EXCEEDED } from '../policy/grpc.ts';
import { CONNECT_FAILURE, PER_TRY_TIMEOUT, RESET } from '../policy/retry-conditions.ts';
import { Exchange } from '../routing/exchange.ts';
import type { TimerWheel } from '../timer-wheel.ts';
import type { ResponseConsumer, UpstreamFailure, UpstreamStream } from '../upstream/consumer.ts';
import type { Downstream } from './downstream.ts';
import { Forwarding } from './forwarding.ts';
import type { Fields, RequestMessage, ResponseMessage } from './message.ts';
import { answerOurselves } from './own-answer.ts';
import type { RequestBody } from './request-body.ts';
import { RequestTimers } from './request-timers.ts';
import { afterAnswer, afterFailure, ENOUGH } from './tries.ts';

/** The ticker, as far as it is looked at here. */
export interface Clock {
  readonly now: number;
  readonly wheel: TimerWheel;
}

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
  readonly #forwarding: Forwarding;
  #phases: CompiledPhases | undefined;
  #nextPhase = 0;
  /** Whether phases run right now: then the exchange's clock is as good as new. */
  #running = false;
  /** From `begin` to the end of the answer. */
  busy = false;
  #responseBegun = false;
  #interimSent = false;
  #requestPaused = false;
  #tunnel: TunnelBytes | undefined;
  /** Undefined until a request needs one. */
  #timers: RequestTimers | undefined;
  #onComplete: ((body: RequestBody | undefined) => void) | undefined;

  constructor(downstream: Downstream, peer: Peer, clock: Clock) {
    this.#downstream = downstream;
    this.#clock = clock;
    this.exchange = new Exchange(this);
    this.#forwarding = new Forwarding(this.exchange);
    this.exchange.peer = peer.identity;
    this.exchange.peerAddress = peer.address;
    this.exchange.destination = peer.destination;
  }

  /** Whether the client has sent all of its request. */
  get requestComplete(): boolean {
    return this.#forwarding.body.complete;
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
    this.busy = true;
    this.#responseBegun = false;
    this.#interimSent = false;
    this.#requestPaused = false;
    this.#tunnel = undefined;
    this.#forwarding.begin();
    this.exchange.begin(request, performance.now());
    this.#alive();
  }

  /** The head is there, and what came of the content. */
  start(first: Buffer | undefined, complete: boolean): void {
    const { body } = this.#forwarding;
    if (first !== undefined) {
      this.exchange.requestBytes += first.length;
      body.add(first, false);
    }
    body.complete = complete;
    this.proceed();
    if (this.busy && !this.#forwarding.started) this.#pauseRequest();
  }

  /** What came is no proper request. */
  refuse(status: number): void {
    this.#forwarding.body.complete = false;
    this.exchange.status = status;
    this.#responseBegun = true;
    this.#downstream.local(status, this.method, undefined);
    this.#finish();
  }

  content(piece: Buffer): void {
    this.#alive();
    this.exchange.requestBytes += piece.length;
    if (this.#tunnel !== undefined) {
      this.#tunnel.toServer.value += piece.length;
      if (!this.#forwarding.bytes(piece)) this.#pauseRequest();
    } else if (this.busy && !this.#forwarding.content(piece)) this.#pauseRequest();
  }

  requestEnd(trailers: Fields | undefined): void {
    if (!this.busy) return;
    this.#forwarding.end(trailers);
    this.#completed(this.#forwarding.body);
  }

  /** What followed was no proper body. */
  requestBroken(): void {
    if (this.#responseBegun) this.#breakOff();
    else this.#answerInstead(400);
  }

  /** The client ended its side of a tunnel. */
  endInput(): void {
    this.#forwarding.endInput();
  }

  /** The client is gone: nobody waits for the answer. */
  clientGone(): void {
    if (!this.busy) return;
    this.#forwarding.abandon();
    if (this.exchange.status === 0) this.exchange.status = 499;
    if (this.#tunnel === undefined) this.exchange.failed();
    this.#end();
  }

  clientDrained(): void {
    this.#forwarding.resumeResponse();
  }

  /** Gives up what takes too long. */
  tick(now: number): void {
    if (!this.busy || now < this.deadline) return;
    if (this.#responseBegun) {
      this.#breakOff();
      return;
    }
    // A client that does not send its body is no fault of the server.
    if (this.requestComplete) this.exchange.unanswered();
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
    const { body } = this.#forwarding;
    if (body.complete) run(body);
    else this.#onComplete = run;
  }

  giveUpAt(time: number): void {
    this.#precise().setDeadline(time);
  }

  /** A phase that said `WAIT` decided that the request is answered with `exchange.status`. */
  answerNow(): void {
    if (this.#deciding) this.#answer(this.exchange.status);
  }

  /** A pool is about to be asked. */
  awaitUpstream(): void {
    const perTry = this.exchange.policy?.perTryMillis ?? 0;
    this.#forwarding.wait();
    this.#alive();
    if (perTry > 0) this.#precise().setStep(performance.now() + perTry);
  }

  // --- towards the server

  upstreamReady(stream: UpstreamStream): void {
    if (!this.#running) this.exchange.now = performance.now();
    if (this.#forwarding.start(stream) && !this.requestComplete) this.#resumeRequest();
  }

  requestDrained(): void {
    if (!this.requestComplete) this.#resumeRequest();
  }

  upstreamFailed(failure: UpstreamFailure): void {
    if (this.#forwarding.resend(failure)) return;
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
    const wait = this.#repeatable ? afterFailure(exchange, condition) : ENOUGH;
    if (wait !== ENOUGH) {
      this.#tryAgain(wait);
      return;
    }
    exchange.failed();
    if (condition === CONNECT_FAILURE) exchange.unsent();
    this.#answer(status);
  }

  /** Whether an answer is not passed on because another try follows. */
  #discards(head: ResponseMessage): boolean {
    const { exchange } = this;
    const wait = this.#repeatable ? afterAnswer(exchange, head) : ENOUGH;
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
    this.#forwarding.abandon();
    this.#nextPhase = this.#phases!.tryFrom;
    this.#pauseRequest();
    this.proceedAfter(millis);
  }

  // --- back to the client

  interim(head: ResponseMessage): void {
    this.#interimSent = true;
    this.#downstream.interim(head);
  }

  wholeResponse(head: ResponseMessage, bytes: Buffer, start: number, end: number): void {
    this.#forwarding.done();
    if (this.#discards(head)) return;
    this.#beginResponse(head);
    this.exchange.responseBytes = end - start;
    this.#downstream.whole(head, this.exchange.responseEdits, bytes, start, end);
    this.#finish(this.exchange.now);
  }

  responseHead(head: ResponseMessage, bodiless: boolean): void {
    if (this.#discards(head)) return;
    this.#beginResponse(head);
    if (head.status === 101) {
      this.#timers?.clearDeadline();
      this.#tunnel = this.exchange.series!.tunnel();
      this.#downstream.switching(head);
    } else this.#downstream.head(head, this.exchange.responseEdits, bodiless);
  }

  responseBody(content: Buffer): boolean {
    this.#alive();
    this.exchange.responseBytes += content.length;
    if (this.#tunnel !== undefined) this.#tunnel.toClient.value += content.length;
    return this.#downstream.body(content);
  }

  responseEnd(trailers: Fields | undefined): void {
    this.#forwarding.done();
    this.exchange.trailers = trailers;
    this.#downstream.ended(trailers);
    this.#finish();
  }

  responseBroken(): void {
    this.#forwarding.done();
    this.#breakOff();
  }

  #beginResponse(head: ResponseMessage): void {
    this.exchange.status = head.status;
    this.exchange.reason = '';
    this.exchange.response = head;
    this.exchange.now = performance.now();
    this.exchange.answeredAt = this.exchange.now;
    this.#responseBegun = true;
    this.#timers?.clearStep();
    for (const phase of this.#phases!.response) phase(this.exchange);
  }

  /** An answer of the proxy's own. */
  #answer(status: number): void {
    const { exchange } = this;
    exchange.status = status;
    this.#responseBegun = true;
    answerOurselves(this.#downstream, exchange);
    this.#finish();
  }

  #answerInstead(status: number): void {
    this.#forwarding.abandon();
    this.exchange.failed();
    this.#answer(status);
  }

  #breakOff(): void {
    this.#forwarding.abandon();
    this.exchange.failed();
    this.#end();
    this.#downstream.breakOff();
  }

  #finish(now = performance.now()): void {
    const { requestComplete } = this;
    this.#end(now);
    this.#downstream.finished(requestComplete);
  }

  #end(now = performance.now()): void {
    this.busy = false;
    this.exchange.now = now;
    this.#timers?.clearStep();
    this.#timers?.clearDeadline();
    this.#completed(undefined);
    for (const phase of this.#phases!.end) phase(this.exchange);
    this.#forwarding.body.forget();
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
    if (this.#deciding) {
      this.exchange.now = performance.now();
      this.proceed();
      return;
    }
    this.#forwarding.abandon();
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
    if (this.requestComplete) exchange.unanswered();
    exchange.grpcStatus = DEADLINE_EXCEEDED;
    this.#answerInstead(504);
  }

  /** Whether the client has seen nothing of an answer and nothing of the request is lost. */
  get #repeatable(): boolean {
    return !this.#interimSent && this.#forwarding.body.replayable;
  }

  /** The phases have the request, or wait; or another try is due. */
  get #deciding(): boolean {
    return this.busy && !this.#forwarding.waiting && !this.#forwarding.started;
  }

  #pauseRequest(): void {
    if (this.requestComplete || this.#requestPaused) return;
    this.#requestPaused = true;
    this.#downstream.pauseRequest();
  }

  #resumeRequest(): void {
    if (!this.#requestPaused) return;
    this.#requestPaused = false;
    this.#downstream.resumeRequest();
  }
}
