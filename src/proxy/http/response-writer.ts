import type { Socket } from 'node:net';
import { BodyReader } from '../codec/body.ts';
import { latin1 } from '../codec/latin1.ts';
import type { ResponseHead } from '../codec/response-head.ts';
import { localAnswer } from './local-answer.ts';
import { dropTransferEncoding, forwardedResponse, switchingResponse } from './messages.ts';

/** Writes answers to one client, in the version of HTTP that it speaks. */
export class ResponseWriter {
  /** Of the current request. */
  http11 = true;
  /** Whether the connection ends with the current answer. */
  last = false;
  readonly #socket: Socket;
  #dechunk: { readonly reader: BodyReader; readonly content: number[] } | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  begin(http11: boolean, last: boolean): void {
    this.http11 = http11;
    this.last = last;
    this.#dechunk = undefined;
  }

  /** Whether the answer's chunks have to be taken off: then the end of the connection is its end. */
  mustDechunk(head: ResponseHead): boolean {
    return !this.http11 && head.framing.chunked;
  }

  interim(text: string): void {
    if (this.http11) this.#socket.write(text, 'latin1');
  }

  whole(head: ResponseHead, bytes: Buffer, start: number, end: number): void {
    const text = forwardedResponse(head, this.#connectionLine());
    this.#socket.write(end > start ? text + latin1(bytes, start, end) : text, 'latin1');
  }

  head(head: ResponseHead): void {
    if (this.mustDechunk(head)) {
      dropTransferEncoding(head);
      const reader = new BodyReader();
      this.#dechunk = { reader, content: reader.chunked(true) ?? [] };
    }
    this.#socket.write(forwardedResponse(head, this.#connectionLine()), 'latin1');
  }

  /** 101: what follows are the bytes of the other protocol. */
  switching(head: ResponseHead): void {
    this.#socket.write(switchingResponse(head), 'latin1');
  }

  /** False when the client does not keep up. */
  body(bytes: Buffer): boolean {
    if (this.#dechunk === undefined) return this.#socket.write(bytes);
    const { reader, content } = this.#dechunk;
    content.length = 0;
    reader.read(bytes, 0, bytes.length);
    let more = true;
    for (let i = 0; i < content.length; i += 2) more = this.#socket.write(bytes.subarray(content[i], content[i + 1]));
    return more;
  }

  /** An answer of the proxy's own. */
  local(status: number, method: string): void {
    this.#socket.write(localAnswer(status, method, this.last, this.http11), 'latin1');
  }

  #connectionLine(): string {
    if (this.last) return 'connection: close\r\n';
    return this.http11 ? '' : 'connection: keep-alive\r\n';
  }
}
