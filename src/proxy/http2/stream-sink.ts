import { REFUSED_STREAM } from './error-codes.ts';
import type { HeaderList } from './header-list.ts';

/** Why a stream ended before its time. */
export type ResetCause =
  /** The server has not looked at the request: it may be sent again, whatever its method (RFC 9113 8.7). */
  | 'refused'
  /** The peer gave the stream up. */
  | 'peer'
  /** What came was malformed. */
  | 'malformed'
  /** The connection, which had served before, ended without a byte since the request was sent. */
  | 'stale'
  /** The connection ended otherwise. */
  | 'lost';

/**
 * Who gets what arrives on a stream. After `end`, or a head with `endStream`, nothing more arrives but possibly `reset`;
 * after `reset`, or once both directions have ended, nothing is called any more.
 */
export interface StreamSink {
  /**
   * A piece of content, valid during the call. False when no further piece should come until `resume`: the peer may send
   * more only as pieces are taken, so whoever returned false must `resume` or `reset` the stream.
   */
  data(bytes: Buffer, start: number, end: number): boolean;
  end(trailers: HeaderList | undefined): void;
  /** The stream is over; `code` is an error code of RFC 9113 7. */
  reset(cause: ResetCause, code: number): void;
  /** What `Stream.data` held back is sent: more is welcome. */
  drained(): void;
}

/** The cause that a code in RST_STREAM stands for. */
export function causeOf(code: number): ResetCause {
  return code === REFUSED_STREAM ? 'refused' : 'peer';
}
