import type { RequestMessage } from '../http/message.ts';
import { limits } from '../limits.ts';
import { characters, HOST, PLAIN_PATH, TOKEN } from './characters.ts';
import { EXPECT, type FieldFault, FieldTable, HOST_FIELD, parseFields } from './fields.ts';
import { Framing, type FramingFault } from './framing.ts';
import { NO_UPGRADE, upgradeOf, WEBSOCKET } from './upgrade.ts';

export type RequestFault =
  | FieldFault
  | FramingFault
  | 'bad-request-line'
  | 'connect'
  | 'bad-version'
  | 'uri-too-long'
  | 'missing-host'
  | 'repeated-host'
  | 'bad-host'
  | 'bad-expectation'
  | 'upgrade-with-body';

const SP = 32;
const QUESTION = 63;
const SLASH = 47;
const DOT = 46;
const HASH = 35;

/** One parsed request head (RFC 9112 3); filled anew for each request of a connection. */
export class RequestHead implements RequestMessage {
  method = '';
  target = '';
  /** Where the query starts in `target`, with its `?`; its length when there is none. */
  queryStart = 0;
  /** Whether the path is certainly in its normal form already. */
  plainPath = false;
  http11 = true;
  /** As written; empty for HTTP/1.0 without it. */
  host = '';
  readonly fields = new FieldTable();
  readonly framing = new Framing();
  /** What the connection shall become; HTTP/1.0 knows no upgrade. */
  upgrade: number = NO_UPGRADE;
  /** Where the field lines start in `fields.text`. */
  fieldsStart = 0;
  fieldsEnd = 0;

  get contentLength(): number {
    return this.framing.contentLength;
  }

  get persistent(): boolean {
    return this.http11 ? !this.framing.close : this.framing.keepAlive && !this.framing.close;
  }

  /** Reads `text` up to `end`, just behind the empty line. */
  parse(text: string, end: number): RequestFault | undefined {
    const fault = this.#requestLine(text, end) ?? parseFields(text, this.fieldsStart, end, this.fields);
    if (fault !== undefined) return fault;
    this.fieldsEnd = end - 2;
    return this.framing.read(this.fields, this.http11) ?? this.#upgrade() ?? this.#special();
  }

  #requestLine(text: string, end: number): RequestFault | undefined {
    let at = 0;
    while ((characters[text.charCodeAt(at)]! & TOKEN) !== 0) at++;
    if (at === 0 || at > limits.methodBytes || text.charCodeAt(at) !== SP) return 'bad-request-line';
    this.method = text.slice(0, at);
    // What followed it would not be HTTP (RFC 9110 9.3.6).
    if (this.method === 'CONNECT') return 'connect';
    const start = ++at;
    let plain = text.charCodeAt(at) === SLASH;
    let code = text.charCodeAt(at);
    while ((characters[code]! & PLAIN_PATH) !== 0) {
      const next = text.charCodeAt(++at);
      if (code === SLASH && (next === SLASH || next === DOT)) plain = false;
      code = next;
    }
    if (code !== SP && code !== QUESTION) plain = false;
    const pathEnd = at;
    while (code > SP && code !== 127) {
      if (code === HASH || code > 126) plain = false;
      code = text.charCodeAt(++at);
    }
    if (code !== SP || at === start) return 'bad-request-line';
    if (at - start > limits.uriBytes) return 'uri-too-long';
    this.target = text.slice(start, at);
    this.plainPath = plain;
    this.queryStart = plain ? pathEnd - start : at - start;
    return this.#version(text, at + 1, end);
  }

  #version(text: string, at: number, end: number): RequestFault | undefined {
    if (at + 10 > end || !text.startsWith('HTTP/', at)) return 'bad-request-line';
    if (text.charCodeAt(at + 8) !== 13 || text.charCodeAt(at + 9) !== 10) return 'bad-request-line';
    if (text.startsWith('1.1', at + 5)) this.http11 = true;
    else if (text.startsWith('1.0', at + 5)) this.http11 = false;
    else return 'bad-version';
    this.fieldsStart = at + 10;
    return undefined;
  }

  /** Where a body ends and the other protocol begins would be for each hop to guess. */
  #upgrade(): RequestFault | undefined {
    const { framing } = this;
    this.upgrade = this.http11 ? upgradeOf(framing, this.fields) : NO_UPGRADE;
    if (this.upgrade !== WEBSOCKET || (!framing.chunked && framing.contentLength <= 0)) return undefined;
    return 'upgrade-with-body';
  }

  #special(): RequestFault | undefined {
    const { fields } = this;
    this.host = '';
    if ((fields.seen & ((1 << HOST_FIELD) | (1 << EXPECT))) === 0) return this.http11 ? 'missing-host' : undefined;
    let hosts = 0;
    for (let i = 0; i < fields.count; i++) {
      if (fields.kinds[i] === HOST_FIELD) {
        if (++hosts > 1) return 'repeated-host';
        this.host = fields.value(i);
      } else if (fields.kinds[i] === EXPECT && fields.value(i).toLowerCase() !== '100-continue') {
        return 'bad-expectation';
      }
    }
    if (hosts === 0) return this.http11 ? 'missing-host' : undefined;
    for (let i = 0; i < this.host.length; i++) {
      if ((characters[this.host.charCodeAt(i)]! & HOST) === 0) return 'bad-host';
    }
    return undefined;
  }
}

/** The status that answers a fault. */
export function requestFaultStatus(fault: RequestFault): number {
  if (fault === 'bad-version') return 505;
  if (fault === 'uri-too-long') return 414;
  if (fault === 'too-many-fields') return 431;
  if (fault === 'bad-expectation') return 417;
  return 400;
}
