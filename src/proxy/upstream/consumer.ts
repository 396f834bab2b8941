import type { ResponseHead } from '../codec/response-head.ts';

/** Why a request got no answer from its server. */
export type UpstreamFailure =
  /** The connection had served before and ended without a byte of an answer. */
  | 'stale'
  /** No connection, TLS handshake or proof of identity. */
  | 'connect'
  /** Too many wait already, or this one waited too long. */
  | 'overload'
  /** The connection ended or the answer was malformed. */
  | 'broken';

/** What a request sees of the connection that carries it. */
export interface UpstreamStream {
  /** `complete` says that nothing of the request follows; false when the caller should wait for `requestDrained`. */
  sendHead(head: string, body: Buffer | undefined, complete: boolean): boolean;
  sendBody(bytes: Buffer, complete: boolean): boolean;
  /** Nothing more goes through a tunnel to the server. */
  endInput(): void;
  pauseResponse(): void;
  resumeResponse(): void;
  /** Gives up: the connection is of no use to anyone else. */
  abandon(): void;
}

/** Who asked: gets a connection, then the answer. */
export interface ResponseConsumer {
  readonly method: string;
  /**
   * Whether 101 may answer the request: then its head is followed by the server's bytes until the connection ends, and
   * `sendBody` takes the client's.
   */
  readonly upgrading: boolean;
  /** A pool is about to be asked: `upstreamReady` or `upstreamFailed` follows. */
  awaitUpstream(): void;
  /** The connection is there and waits for `sendHead`. */
  upstreamReady(stream: UpstreamStream): void;
  upstreamFailed(failure: UpstreamFailure): void;
  /** An interim answer (1xx), as it came. */
  interim(text: string): void;
  /** The whole answer at once; `head` and `bytes` are valid during the call. */
  wholeResponse(head: ResponseHead, bytes: Buffer, start: number, end: number): void;
  responseHead(head: ResponseHead, untilClose: boolean): void;
  /** False when the caller should pause until `resumeResponse`. */
  responseBody(bytes: Buffer): boolean;
  responseEnd(): void;
  /** The answer ended too early. */
  responseBroken(): void;
  requestDrained(): void;
}
