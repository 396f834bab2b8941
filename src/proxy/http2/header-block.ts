import { limits } from '../limits.ts';

/** Collects a header block that is spread over HEADERS and CONTINUATION frames, of bounded number and size. */
export class HeaderBlock {
  /** The stream that it belongs to; 0 while there is none. */
  streamId = 0;
  endStream = false;
  selfDependent = false;
  #pieces: Buffer[] = [];
  #bytes = 0;

  get open(): boolean {
    return this.streamId !== 0;
  }

  begin(streamId: number, endStream: boolean, selfDependent: boolean): void {
    this.streamId = streamId;
    this.endStream = endStream;
    this.selfDependent = selfDependent;
    this.#pieces = [];
    this.#bytes = 0;
  }

  /** False when the block grows too large (CVE-2024-27316). */
  add(bytes: Buffer, start: number, end: number): boolean {
    this.#pieces.push(Buffer.from(bytes.subarray(start, end)));
    this.#bytes += end - start;
    return this.#bytes <= limits.http2BlockBytes && this.#pieces.length <= limits.http2BlockFrames;
  }

  finish(): Buffer {
    this.streamId = 0;
    return Buffer.concat(this.#pieces, this.#bytes);
  }
}
