import type { HeaderEdits } from './header-edits.ts';
import type { Fields, ResponseMessage } from './message.ts';

/** The client's side of one request, in the protocol that its connection speaks. */
export interface Downstream {
  /** No more of the request is to be read for now; what is in hand may still come. */
  pauseRequest(): void;
  resumeRequest(): void;
  interim(head: ResponseMessage): void;
  /** The whole answer; content of `bytes` from `start` to `end`, valid during the call. */
  whole(head: ResponseMessage, edits: HeaderEdits | undefined, bytes: Buffer, start: number, end: number): void;
  /** `bodiless`: neither content nor trailers follow. */
  head(head: ResponseMessage, edits: HeaderEdits | undefined, bodiless: boolean): void;
  /** The 101: from here on `body` and the request's body are bytes of the other protocol. */
  switching(head: ResponseMessage): void;
  /** False when the client does not keep up: `Transaction.clientDrained` follows. */
  body(content: Buffer): boolean;
  /** The end of an answer that began with `head`. */
  ended(trailers: Fields | undefined): void;
  /** An answer of the proxy's own; edits may add fields to it. */
  local(status: number, method: string, edits: HeaderEdits | undefined): void;
  /** The answer has begun and will not end: the client must see that. */
  breakOff(): void;
  /** The answer is complete and every phase has seen it. `requestComplete`: whether the whole request has been read. */
  finished(requestComplete: boolean): void;
}
