import type { Downstream } from '../http/downstream.ts';
import { FieldList } from '../http/field-list.ts';
import type { HeaderEdits } from '../http/header-edits.ts';
import { localBody } from '../http/local-answer.ts';
import type { Fields, ResponseMessage } from '../http/message.ts';
import { type Clock, Transaction } from '../http/transaction.ts';
import type { Peer } from '../listeners/peer.ts';
import type { CompiledPhases } from '../phases/phase.ts';
import { INTERNAL_ERROR } from './error-codes.ts';
import type { HeaderList } from './header-list.ts';
import type { OpenRequest, OpenRequests } from './open-requests.ts';
import type { ServerStream } from './server-stream.ts';
import type { StreamSink } from './stream-sink.ts';

/** One request of an HTTP/2 connection, through the listener's phases. */
export class ServerRequest implements Downstream, StreamSink, OpenRequest {
  readonly #stream: ServerStream;
  readonly #transaction: Transaction;
  readonly #open: OpenRequests;
  place = -1;
  #paused = false;

  /** Is a member of `open` while it lasts. */
  constructor(stream: ServerStream, peer: Peer, clock: Clock, open: OpenRequests) {
    this.#stream = stream;
    this.#open = open;
    this.#transaction = new Transaction(this, peer, clock);
  }

  begin(phases: CompiledPhases, head: HeaderList): void {
    this.#open.add(this);
    this.#transaction.begin(phases, head);
    this.#transaction.start(undefined, head.endStream);
  }

  tick(now: number): void {
    this.#transaction.tick(now);
  }

  // --- from the client

  data(bytes: Buffer, start: number, end: number): boolean {
    if (end > start) this.#transaction.content(bytes.subarray(start, end));
    return !this.#paused;
  }

  end(trailers: Fields | undefined): void {
    this.#transaction.requestEnd(trailers);
  }

  reset(): void {
    this.#open.remove(this);
    this.#transaction.clientGone();
  }

  drained(): void {
    this.#transaction.clientDrained();
  }

  // --- back to the client

  pauseRequest(): void {
    this.#paused = true;
  }

  resumeRequest(): void {
    this.#paused = false;
    this.#stream.resume();
  }

  interim(head: ResponseMessage): void {
    this.#stream.interim(head);
  }

  whole(head: ResponseMessage, edits: HeaderEdits | undefined, bytes: Buffer, start: number, end: number): void {
    this.#stream.head(head, edits);
    this.#stream.data(bytes, start, end);
    this.#stream.end(undefined);
  }

  head(head: ResponseMessage, edits: HeaderEdits | undefined): void {
    this.#stream.head(head, edits);
  }

  switching(): void {
    throw new Error('no server answers 101 to a request that came by HTTP/2');
  }

  body(content: Buffer): boolean {
    return this.#stream.data(content, 0, content.length);
  }

  ended(trailers: Fields | undefined): void {
    this.#stream.end(trailers);
  }

  local(status: number, method: string, edits: HeaderEdits | undefined): void {
    const body = Buffer.from(localBody(status), 'latin1');
    const fields = new FieldList(['content-type', 'text/plain']);
    this.whole({ status, fields, contentLength: body.length }, edits, body, 0, method === 'HEAD' ? 0 : body.length);
  }

  breakOff(): void {
    this.#open.remove(this);
    this.#stream.reset(INTERNAL_ERROR);
  }

  finished(): void {
    this.#open.remove(this);
  }
}
