import type { ResponseMessage } from '../http/message.ts';
import { characters, DIGIT, FIELD } from './characters.ts';
import { type FieldFault, FieldTable, parseFields } from './fields.ts';
import { Framing, type FramingFault } from './framing.ts';

export type ResponseFault = FieldFault | FramingFault | 'bad-status-line' | 'body-not-allowed';

/** One parsed response head (RFC 9112 4); filled anew for each response of a connection. */
export class ResponseHead implements ResponseMessage {
  status = 0;
  http11 = true;
  readonly fields = new FieldTable();
  readonly framing = new Framing();
  /** From the status code to the end of the status line, with CR LF: ` 200 OK\r\n`. */
  statusEnd = 0;
  fieldsEnd = 0;

  get contentLength(): number {
    return this.framing.contentLength;
  }

  get persistent(): boolean {
    return this.http11 ? !this.framing.close : this.framing.keepAlive && !this.framing.close;
  }

  /** Reads `text` up to `end`, just behind the empty line. */
  parse(text: string, end: number): ResponseFault | undefined {
    if (!text.startsWith('HTTP/1.') || text.charCodeAt(8) !== 32) return 'bad-status-line';
    const minor = text.charCodeAt(7) - 48;
    if (minor !== 0 && minor !== 1) return 'bad-status-line';
    this.http11 = minor === 1;
    let status = 0;
    for (let at = 9; at < 12; at++) {
      const code = text.charCodeAt(at);
      if ((characters[code]! & DIGIT) === 0) return 'bad-status-line';
      status = status * 10 + code - 48;
    }
    if (status < 100 || status > 599) return 'bad-status-line';
    this.status = status;
    let at = 12;
    let code = text.charCodeAt(at);
    if (code !== 32 && code !== 13) return 'bad-status-line';
    while ((characters[code]! & FIELD) !== 0) code = text.charCodeAt(++at);
    if (code !== 13 || text.charCodeAt(at + 1) !== 10) return 'bad-status-line';
    this.statusEnd = at + 2;
    this.fieldsEnd = end - 2;
    return (
      parseFields(text, this.statusEnd, end, this.fields) ??
      this.framing.read(this.fields, this.http11) ??
      this.#bodiless()
    );
  }

  /** Answers that never have a body must not announce one (RFC 9110 8.6, RFC 9112 6.1); that of a 101 is dropped. */
  #bodiless(): ResponseFault | undefined {
    const { status, framing } = this;
    if (status > 204 || (status >= 200 && status < 204) || status === 101) return undefined;
    return framing.chunked || framing.contentLength > 0 ? 'body-not-allowed' : undefined;
  }
}
