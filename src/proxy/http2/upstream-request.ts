import type { Fields } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import type { ResponseConsumer, UpstreamStream } from '../upstream/consumer.ts';
import type { ClientSession } from './client-session.ts';
import type { ClientStream, ResponseSink } from './client-stream.ts';
import { CANCEL } from './error-codes.ts';
import type { HeaderList } from './header-list.ts';
import type { ResetCause } from './stream-sink.ts';

const empty = Buffer.alloc(0);

/** One request on an HTTP/2 connection to a server. */
export class UpstreamRequest implements UpstreamStream, ResponseSink {
  readonly #session: ClientSession;
  #consumer: ResponseConsumer | undefined;
  #stream!: ClientStream;
  #begun = false;

  constructor(session: ClientSession, consumer: ResponseConsumer) {
    this.#session = session;
    this.#consumer = consumer;
  }

  // --- to the server

  sendHead(request: OutgoingRequest, body: Buffer | undefined, complete: boolean): boolean {
    this.#stream = this.#session.open(this, request);
    const more = body === undefined || this.#stream.data(body, 0, body.length);
    if (complete) this.#stream.end(undefined);
    return more;
  }

  sendBody(content: Buffer): boolean {
    return this.#stream.data(content, 0, content.length);
  }

  sendEnd(trailers: Fields | undefined): void {
    this.#stream.end(trailers);
  }

  endInput(): void {
    this.#stream.end(undefined);
  }

  resumeResponse(): void {
    this.#stream.resume();
  }

  abandon(): void {
    this.#consumer = undefined;
    this.#stream.reset(CANCEL);
  }

  // --- from the server

  interim(head: HeaderList): void {
    this.#consumer?.interim(head);
  }

  head(head: HeaderList): void {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    if (head.endStream) {
      this.#consumer = undefined;
      consumer.wholeResponse(head, empty, 0, 0);
    } else {
      this.#begun = true;
      consumer.responseHead(head, false);
    }
  }

  data(bytes: Buffer, start: number, end: number): boolean {
    return end === start || this.#consumer?.responseBody(bytes.subarray(start, end)) !== false;
  }

  end(trailers: HeaderList | undefined): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    consumer?.responseEnd(trailers);
  }

  reset(cause: ResetCause): void {
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (this.#begun) consumer?.responseBroken();
    else consumer?.upstreamFailed(cause === 'refused' || cause === 'stale' ? cause : 'broken');
  }

  drained(): void {
    this.#consumer?.requestDrained();
  }
}
