import type { HeaderEdits } from '../http/header-edits.ts';
import type { ResponseMessage } from '../http/message.ts';
import type { HeaderList } from './header-list.ts';
import { Stream, type StreamHost } from './stream.ts';
import type { StreamSink } from './stream-sink.ts';

export interface ServerStreamHost extends StreamHost {
  sendResponse(streamId: number, message: ResponseMessage, edits: HeaderEdits | undefined): void;
}

/** A request and its answer: `interim` any number of times, `head`, `data` any number of times, `end`. */
export class ServerStream extends Stream {
  readonly #host: ServerStreamHost;

  constructor(host: ServerStreamHost, id: number, sendWindow: number, receiveWindow: number) {
    super(host, id, sendWindow, receiveWindow);
    this.#host = host;
  }

  /** An interim answer other than 101, which HTTP/2 does not have. */
  interim(message: ResponseMessage): void {
    if (!this.localEnded) this.#host.sendResponse(this.id, message, undefined);
  }

  /** The message is used only during the call. `end` behind it ends the stream, unless it is a tunnel. */
  head(message: ResponseMessage, edits: HeaderEdits | undefined): void {
    if (this.localEnded) return;
    if (message.status >= 300) this.tunnel = false;
    this.#host.sendResponse(this.id, message, edits);
  }

  // --- for the session

  begin(list: HeaderList): void {
    this.tunnel = list.method === 'CONNECT';
    this.begins(list.endStream, list.contentLength);
  }

  serve(sink: StreamSink): void {
    this.sink = sink;
  }
}
