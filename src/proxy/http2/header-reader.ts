import { limits } from '../limits.ts';
import { COMPRESSION_ERROR, ENHANCE_YOUR_CALM, NO_ERROR, PROTOCOL_ERROR } from './error-codes.ts';
import { END_HEADERS, END_STREAM, HAS_PRIORITY, maxStreamId, PADDED } from './frames.ts';
import type { HeaderList } from './header-list.ts';
import { HpackDecoder } from './hpack/decoder.ts';

/** Makes header lists of HEADERS and CONTINUATION frames, whose number and size have bounds. */
export class HeaderReader {
  /** Of the block that is complete; undefined while there is none. */
  list: HeaderList | undefined;
  /** Whether the stream shall depend on itself (RFC 7540 5.3.1). */
  selfDependent = false;
  readonly #decoder = new HpackDecoder({
    tableBytes: limits.http2HeaderTableBytes,
    listBytes: limits.headBytes,
    lines: limits.headers,
  });
  /** The stream of a block that is not complete; 0 when there is none. */
  #streamId = 0;
  #endStream = false;
  #pieces: Buffer[] = [];
  #bytes = 0;

  /** Whether CONTINUATION must follow. */
  get open(): boolean {
    return this.#streamId !== 0;
  }

  /** Takes a HEADERS frame. Returns the error code that it is for the connection. */
  headers(flags: number, streamId: number, bytes: Buffer, start: number, end: number): number {
    let from = start;
    let to = end;
    this.selfDependent = false;
    if ((flags & (PADDED | HAS_PRIORITY)) !== 0) {
      if ((flags & PADDED) !== 0) to -= bytes[from++] ?? 0;
      if ((flags & HAS_PRIORITY) !== 0) {
        this.selfDependent = to - from >= 5 && (bytes.readUInt32BE(from) & maxStreamId) === streamId;
        from += 5;
      }
    }
    if (streamId === 0 || from > to) return PROTOCOL_ERROR;
    this.#endStream = (flags & END_STREAM) !== 0;
    if ((flags & END_HEADERS) !== 0) return this.#decode(bytes, from, to);
    this.#streamId = streamId;
    this.#pieces = [];
    this.#bytes = 0;
    return this.#add(bytes, from, to);
  }

  /** The same for a CONTINUATION frame. */
  continuation(flags: number, streamId: number, bytes: Buffer, start: number, end: number): number {
    if (streamId !== this.#streamId) return PROTOCOL_ERROR;
    const fault = this.#add(bytes, start, end);
    if (fault !== NO_ERROR || (flags & END_HEADERS) === 0) return fault;
    this.#streamId = 0;
    return this.#decode(Buffer.concat(this.#pieces, this.#bytes), 0, this.#bytes);
  }

  /** CVE-2024-27316. */
  #add(bytes: Buffer, start: number, end: number): number {
    this.list = undefined;
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.#bytes += end - start;
    const fits = this.#bytes <= limits.http2BlockBytes && this.#pieces.length <= limits.http2BlockFrames;
    return fits ? NO_ERROR : ENHANCE_YOUR_CALM;
  }

  #decode(bytes: Buffer, start: number, end: number): number {
    this.list = this.#decoder.decode(bytes, start, end, this.#endStream);
    return this.list === undefined ? COMPRESSION_ERROR : NO_ERROR;
  }
}
