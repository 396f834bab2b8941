import { CONTENT_LENGTH, HOP, TRANSFER_ENCODING } from '../codec/fields.ts';
import { endToEndFields } from '../codec/framing.ts';
import { RequestHead } from '../codec/request-head.ts';
import { ResponseHead } from '../codec/response-head.ts';
import { WEBSOCKET } from '../codec/upgrade.ts';
import { eachEdited, type HeaderEdits } from '../http/header-edits.ts';
import type { ResponseMessage } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import { reasonOf } from '../http/reasons.ts';

const toWebsocket = 'connection: upgrade\r\nupgrade: websocket\r\n';
const chunkedLine = 'transfer-encoding: chunked\r\n';

/** Whether the body of a request has to be sent in chunks. `complete`: nothing follows what is in hand. */
export function sendsChunks({ request }: OutgoingRequest, complete: boolean): boolean {
  return request instanceof RequestHead ? request.framing.chunked : request.contentLength < 0 && !complete;
}

/**
 * The request head for the next hop: HTTP/1.1, the path in normal form, nothing that was meant for this hop. `bodyBytes` is
 * what there is of the body.
 */
export function requestText(outgoing: OutgoingRequest, bodyBytes: number, complete: boolean): string {
  const { request, path, query, requestEdits } = outgoing;
  if (!(request instanceof RequestHead)) return translatedRequest(outgoing, bodyBytes, complete);
  const { fields, fieldsStart, fieldsEnd } = request;
  let lines = endToEndFields(fields, fieldsStart, fieldsEnd, requestEdits);
  if (requestEdits !== undefined) lines += addedLines(requestEdits);
  if (request.upgrade === WEBSOCKET) lines += toWebsocket;
  if (request.plainPath && request.http11) return `${fields.text.slice(0, fieldsStart)}${lines}\r\n`;
  return `${request.method} ${path}${query} HTTP/1.1\r\n${lines}\r\n`;
}

/** Of a request that came in another protocol. */
function translatedRequest(
  { request, path, query, requestEdits }: OutgoingRequest,
  bodyBytes: number,
  complete: boolean,
): string {
  const { method, host, contentLength } = request;
  let text = `${method} ${path}${query} HTTP/1.1\r\nhost: ${host}\r\n`;
  if (contentLength >= 0) text += `content-length: ${contentLength}\r\n`;
  else if (!complete) text += chunkedLine;
  else if (bodyBytes > 0 || expectsBody(method)) text += `content-length: ${bodyBytes}\r\n`;
  eachEdited(request.fields, requestEdits, (name, value) => {
    text += `${name}: ${value}\r\n`;
  });
  return `${text}\r\n`;
}

/** RFC 9110 8.6: such a request without a body says so. */
function expectsBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

/** How the body of an answer is delimited for a client of HTTP/1. */
export const BY_LENGTH = 0;
export const IN_CHUNKS = 1;
export const BY_CLOSE = 2;

/** Nothing follows, which the fields of the answer have to say. */
const EMPTY = 3;

/** RFC 9112 6.3. `none`: the answer can have no content, whatever its fields say; `bodiless`: it has none. */
export function responseFraming(head: ResponseMessage, http11: boolean, none: boolean, bodiless: boolean): number {
  if (none || head.contentLength >= 0) return BY_LENGTH;
  if (bodiless && !(head instanceof ResponseHead)) return EMPTY;
  return http11 ? IN_CHUNKS : BY_CLOSE;
}

/** The response head for the client; `extra` are whole lines that this hop adds. */
export function responseText(
  head: ResponseMessage,
  edits: HeaderEdits | undefined,
  framing: number,
  extra: string,
): string {
  if (!(head instanceof ResponseHead)) return translatedResponse(head, edits, framing, extra);
  if (head.framing.chunked && (framing === BY_CLOSE || head.status === 204)) drop(head, TRANSFER_ENCODING);
  const { fields, statusEnd, fieldsEnd } = head;
  let lines = endToEndFields(fields, statusEnd, fieldsEnd, edits);
  if (edits !== undefined) lines += addedLines(edits);
  if (framing === IN_CHUNKS && !head.framing.chunked) lines += chunkedLine;
  if (head.http11) return `${fields.text.slice(0, statusEnd)}${lines}${extra}\r\n`;
  return `HTTP/1.1${fields.text.slice(8, statusEnd)}${lines}${extra}\r\n`;
}

function translatedResponse(
  { status, fields, contentLength }: ResponseMessage,
  edits: HeaderEdits | undefined,
  framing: number,
  extra: string,
): string {
  let text = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
  if (contentLength >= 0) text += `content-length: ${contentLength}\r\n`;
  else if (framing === IN_CHUNKS) text += chunkedLine;
  else if (framing === EMPTY) text += 'content-length: 0\r\n';
  eachEdited(fields, edits, (name, value) => {
    text += `${name}: ${value}\r\n`;
  });
  return `${text}${extra}\r\n`;
}

/** The 101 for the client: it has no body (RFC 9110 15.2), whatever its fields say. */
export function switchingResponse(head: ResponseMessage): string {
  if (head instanceof ResponseHead) {
    drop(head, TRANSFER_ENCODING);
    drop(head, CONTENT_LENGTH);
  }
  return responseText(head, undefined, BY_LENGTH, toWebsocket);
}

function addedLines(edits: HeaderEdits): string {
  let lines = '';
  edits.each((name, value) => {
    lines += `${name}: ${value}\r\n`;
  });
  return lines;
}

function drop({ fields }: ResponseHead, kind: number): void {
  for (let i = 0; i < fields.count; i++) {
    if (fields.kinds[i] !== kind) continue;
    fields.kinds[i] = HOP;
    fields.seen |= 1 << HOP;
  }
}
