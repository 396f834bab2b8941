import type { Socket } from 'node:net';
import type { HeaderEdits } from '../http/header-edits.ts';
import { localAnswer } from '../http/local-answer.ts';
import type { Fields, ResponseMessage } from '../http/message.ts';
import { endOfChunks, writeChunk, writePlain } from './chunks.ts';
import { BY_CLOSE, BY_LENGTH, IN_CHUNKS, responseFraming, responseText, switchingResponse } from './messages.ts';

const empty = Buffer.alloc(0);

/** Writes answers to one client, in the version of HTTP that it speaks. */
export class ResponseWriter {
  /** Of the current request. */
  http11 = true;
  /** Whether the connection ends with the current answer. */
  last = false;
  readonly #socket: Socket;
  #method = '';
  #framing = BY_LENGTH;
  /** A head that waits for the first content, so that both leave in one write; at most for the rest of this turn. */
  #head = '';

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  begin(http11: boolean, last: boolean, method: string): void {
    this.http11 = http11;
    this.last = last;
    this.#method = method;
    this.#head = '';
  }

  interim(head: ResponseMessage): void {
    if (this.http11) this.#socket.write(responseText(head, undefined, BY_LENGTH, ''), 'latin1');
  }

  whole(head: ResponseMessage, edits: HeaderEdits | undefined, bytes: Buffer, start: number, end: number): void {
    const text = this.#start(head, edits, start === end);
    if (this.#framing === IN_CHUNKS) writeChunk(this.#socket, text, bytes, start, end, true);
    else writePlain(this.#socket, text, bytes, start, end);
  }

  head(head: ResponseMessage, edits: HeaderEdits | undefined, bodiless: boolean): void {
    const text = this.#start(head, edits, bodiless);
    this.#head = text;
    process.nextTick(flushHead, this, text);
  }

  /** 101: what follows are the bytes of the other protocol. */
  switching(head: ResponseMessage): void {
    this.#framing = BY_CLOSE;
    this.#socket.write(switchingResponse(head), 'latin1');
  }

  /** False when the client does not keep up. */
  body(content: Buffer): boolean {
    const text = this.#head;
    this.#head = '';
    if (this.#framing === IN_CHUNKS) return writeChunk(this.#socket, text, content, 0, content.length, false);
    return writePlain(this.#socket, text, content, 0, content.length);
  }

  end(trailers: Fields | undefined): void {
    const text = this.#head;
    this.#head = '';
    if (this.#framing === IN_CHUNKS) this.#socket.write(text + endOfChunks(trailers), 'latin1');
    else if (text !== '') this.#socket.write(text, 'latin1');
  }

  /** An answer of the proxy's own. */
  local(status: number, method: string, edits: HeaderEdits | undefined): void {
    this.#socket.write(localAnswer(status, method, this.last, this.http11, edits), 'latin1');
  }

  /** A head that waits leaves now. */
  flush(text: string): void {
    if (this.#head !== text) return;
    this.#head = '';
    writePlain(this.#socket, text, empty, 0, 0);
  }

  #start(head: ResponseMessage, edits: HeaderEdits | undefined, bodiless: boolean): string {
    const { status } = head;
    const none = this.#method === 'HEAD' || status === 204 || status === 304;
    this.#framing = responseFraming(head, this.http11, none, bodiless);
    if (this.#framing === BY_CLOSE) this.last = true;
    return responseText(head, edits, this.#framing, this.#connectionLine());
  }

  #connectionLine(): string {
    if (this.last) return 'connection: close\r\n';
    return this.http11 ? '' : 'connection: keep-alive\r\n';
  }
}

function flushHead(writer: ResponseWriter, text: string): void {
  writer.flush(text);
}
