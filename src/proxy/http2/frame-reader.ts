import { defaultFrameBytes, frameHeaderBytes } from './frames.ts';

export interface FrameSink {
  /** One whole frame; the payload is `bytes` from `start` to `end`. False when no further one is wanted. */
  frame(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): boolean;
  /** A frame is larger than this side accepts; nothing further can be read. */
  frameTooLarge(): void;
}

/** Cuts the bytes of a connection into frames. Only a frame that arrives in pieces is copied. */
export class FrameReader {
  readonly #sink: FrameSink;
  /** The header, or the whole frame, that is incomplete. */
  #partial: Buffer | undefined;
  #have = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  read(bytes: Buffer, from: number): void {
    const stop = bytes.length;
    let at = from;
    while (this.#partial !== undefined && at < stop) {
      at = this.#continue(this.#partial, bytes, at);
      if (at < 0) return;
    }
    while (stop - at >= frameHeaderBytes) {
      const length = payloadLength(bytes, at);
      if (length > defaultFrameBytes) {
        this.#sink.frameTooLarge();
        return;
      }
      const end = at + frameHeaderBytes + length;
      if (end > stop) break;
      if (!this.#deliver(bytes, at, end)) return;
      at = end;
    }
    if (at < stop) this.#keep(bytes, at);
  }

  #keep(bytes: Buffer, at: number): void {
    const header = bytes.length - at >= frameHeaderBytes;
    this.#partial = Buffer.allocUnsafe(frameHeaderBytes + (header ? payloadLength(bytes, at) : 0));
    this.#have = bytes.copy(this.#partial, 0, at);
  }

  /** The position behind what was missing; -1 when no further frame is wanted. */
  #continue(partial: Buffer, bytes: Buffer, at: number): number {
    const taken = bytes.copy(partial, this.#have, at, at + partial.length - this.#have);
    this.#have += taken;
    if (this.#have < partial.length) return at + taken;
    const length = payloadLength(partial, 0);
    if (length > defaultFrameBytes) {
      this.#sink.frameTooLarge();
      return -1;
    }
    if (partial.length === frameHeaderBytes && length > 0) {
      this.#partial = Buffer.allocUnsafe(frameHeaderBytes + length);
      partial.copy(this.#partial);
      return at + taken;
    }
    this.#partial = undefined;
    this.#have = 0;
    return this.#deliver(partial, 0, partial.length) ? at + taken : -1;
  }

  #deliver(bytes: Buffer, at: number, end: number): boolean {
    const streamId = ((bytes[at + 5]! & 127) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    return this.#sink.frame(bytes[at + 3]!, bytes[at + 4]!, streamId, bytes, at + frameHeaderBytes, end);
  }
}

function payloadLength(bytes: Buffer, at: number): number {
  return (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
}
