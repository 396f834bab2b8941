import type { Socket } from 'node:net';
import * as frames from './frames.ts';
import { Output } from './output.ts';
import { settingBytes } from './settings.ts';

/** Writes the frames of a connection. */
export class FrameWriter extends Output {
  constructor(socket: Socket, isClient: boolean) {
    super(socket);
    if (isClient) this.text(frames.preface);
  }

  settings(parameters: readonly (readonly [id: number, value: number])[]): void {
    let at = this.frame(parameters.length * settingBytes, frames.SETTINGS, 0, 0);
    for (const [id, value] of parameters) {
      this.bytes.writeUInt16BE(id, at);
      at = this.bytes.writeUInt32BE(value, at + 2);
    }
  }

  settingsAck(): void {
    this.frame(0, frames.SETTINGS, frames.ACK, 0);
  }

  ping(flags: number, opaque: Buffer, start: number): void {
    const at = this.frame(8, frames.PING, flags, 0);
    opaque.copy(this.bytes, at, start, start + 8);
  }

  goAway(lastStreamId: number, code: number): void {
    const at = this.frame(8, frames.GOAWAY, 0, 0);
    this.bytes.writeUInt32BE(lastStreamId, at);
    this.bytes.writeUInt32BE(code, at + 4);
  }

  resetStream(streamId: number, code: number): void {
    this.#number(frames.RST_STREAM, streamId, code);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#number(frames.WINDOW_UPDATE, streamId, increment);
  }

  /** A header block, in as many frames as it takes. */
  head(streamId: number, block: Buffer, length: number, endStream: boolean): void {
    const flags = endStream ? frames.END_STREAM : 0;
    const most = frames.defaultFrameBytes;
    if (length <= most) {
      this.#payload(frames.HEADERS, flags | frames.END_HEADERS, streamId, block, 0, length);
      return;
    }
    this.#payload(frames.HEADERS, flags, streamId, block, 0, most);
    for (let at = most; at < length; at += most) {
      const end = Math.min(at + most, length);
      this.#payload(frames.CONTINUATION, end === length ? frames.END_HEADERS : 0, streamId, block, at, end);
    }
  }

  data(streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#payload(frames.DATA, 0, streamId, bytes, start, end);
  }

  /** Ends a stream: with its last frame if that is still here, otherwise with an empty one. */
  endStream(streamId: number): void {
    if (!this.endLast(streamId)) this.frame(0, frames.DATA, frames.END_STREAM, streamId);
  }

  #payload(type: number, flags: number, streamId: number, bytes: Buffer, start: number, end: number): void {
    const at = this.frame(end - start, type, flags, streamId);
    bytes.copy(this.bytes, at, start, end);
  }

  #number(type: number, streamId: number, value: number): void {
    const at = this.frame(4, type, 0, streamId);
    this.bytes.writeUInt32BE(value, at);
  }
}
