import type { Fields, ResponseMessage } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';

/** Why a request got no answer from its server. */
export type UpstreamFailure =
  /** The connection had served before and ended without a byte of an answer. */
  | 'stale'
  /** The server said that it has not looked at the request (RFC 9113 8.7). */
  | 'refused'
  /** No connection, TLS handshake or proof of identity. */
  | 'connect'
  /** Too many wait already, or this one waited too long. */
  | 'overload'
  /** A bound of the policy is reached; it has been counted. */
  | 'limit'
  /** The connection ended or the answer was malformed. */
  | 'broken';

/** What a request sees of the connection that carries it. Bodies are content, without the framing of a protocol. */
export interface UpstreamStream {
  /** `complete` says that nothing of the request follows; false when the caller should wait for `requestDrained`. */
  sendHead(request: OutgoingRequest, body: Buffer | undefined, complete: boolean): boolean;
  sendBody(content: Buffer): boolean;
  sendEnd(trailers: Fields | undefined): void;
  /** Nothing more goes through a tunnel to the server. */
  endInput(): void;
  resumeResponse(): void;
  /** Gives up: the server shall not go on with the request. */
  abandon(): void;
}

/** Who asked: gets a stream of a connection, then the answer. */
export interface ResponseConsumer {
  readonly method: string;
  /**
   * Whether 101 may answer the request: then its head is followed by the server's bytes until the connection ends, and
   * `sendBody` takes the client's.
   */
  readonly upgrading: boolean;
  /** When an answer is of no use any more, on the monotonic clock; 0: there is no such time. */
  readonly expiresAt: number;
  /** The stream is there and waits for `sendHead`. */
  upstreamReady(stream: UpstreamStream): void;
  upstreamFailed(failure: UpstreamFailure): void;
  /** An interim answer (1xx). */
  interim(head: ResponseMessage): void;
  /** The whole answer at once; `head` and `bytes` are valid during the call. */
  wholeResponse(head: ResponseMessage, bytes: Buffer, start: number, end: number): void;
  /** `bodiless`: neither content nor trailers follow, only `responseEnd`. */
  responseHead(head: ResponseMessage, bodiless: boolean): void;
  /** False when the caller should pause until `resumeResponse`. */
  responseBody(content: Buffer): boolean;
  responseEnd(trailers: Fields | undefined): void;
  /** The answer ended too early. */
  responseBroken(): void;
  requestDrained(): void;
}
