import { limits } from '../limits.ts';
import type { HeaderList } from './header-list.ts';
import { Stream, type StreamHost } from './stream.ts';
import type { StreamSink } from './stream-sink.ts';

/** Who gets the answer to a request: `interim` any number of times, then `head`. */
export interface ResponseSink extends StreamSink {
  interim(head: HeaderList): void;
  /** The answer; with `head.endStream` nothing follows. The end of the answer ends the stream, unless it is a tunnel. */
  head(head: HeaderList): void;
}

/** A request that this side sent. */
export class ClientStream extends Stream {
  /** How often the connection had heard of the server when the request was sent. */
  readonly readsBefore: number;
  readonly #sink: ResponseSink;
  readonly #method: string;
  #interims = 0;
  #answered = false;

  constructor(
    host: StreamHost,
    id: number,
    sendWindow: number,
    receiveWindow: number,
    method: string,
    sink: ResponseSink,
    readsBefore: number,
  ) {
    super(host, id, sendWindow, receiveWindow);
    this.#method = method;
    this.readsBefore = readsBefore;
    this.#sink = sink;
    this.sink = sink;
  }

  // --- for the session

  /** A head or trailers; false when it is malformed there. */
  receiveHead(list: HeaderList): boolean {
    if (list.tooLarge) return false;
    if (this.#answered) return this.receiveTrailers(list);
    if (!list.isResponse) return false;
    if (list.status < 200) {
      if (++this.#interims > limits.interimResponses) return false;
      this.#sink.interim(list);
      return true;
    }
    const { status, contentLength, endStream } = list;
    const bodiless = this.#method === 'HEAD' || status === 204 || status === 304;
    if (endStream && contentLength > 0 && !bodiless) return false;
    this.#answered = true;
    this.tunnel = this.#method === 'CONNECT' && status < 300;
    this.begins(endStream, bodiless ? 0 : this.tunnel ? -1 : contentLength);
    this.#sink.head(list);
    return true;
  }
}
