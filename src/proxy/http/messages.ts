import { CONTENT_LENGTH, HOP, TRANSFER_ENCODING } from '../codec/fields.ts';
import { endToEndFields } from '../codec/framing.ts';
import type { RequestHead } from '../codec/request-head.ts';
import type { ResponseHead } from '../codec/response-head.ts';
import { WEBSOCKET } from '../codec/upgrade.ts';

const toWebsocket = 'connection: upgrade\r\nupgrade: websocket\r\n';

/** The request head for the next hop: HTTP/1.1, the path in normal form, nothing that was meant for this hop. */
export function forwardedRequest(head: RequestHead, path: string, query: string): string {
  const { fields, fieldsStart, fieldsEnd } = head;
  let lines = endToEndFields(fields, fieldsStart, fieldsEnd);
  if (head.upgrade === WEBSOCKET) lines += toWebsocket;
  if (head.plainPath && head.http11) return `${fields.text.slice(0, fieldsStart)}${lines}\r\n`;
  return `${head.method} ${path}${query} HTTP/1.1\r\n${lines}\r\n`;
}

/** The response head for the client; `extra` are whole lines that this hop adds. */
export function forwardedResponse(head: ResponseHead, extra: string): string {
  const { fields, statusEnd, fieldsEnd } = head;
  const lines = endToEndFields(fields, statusEnd, fieldsEnd);
  if (head.http11) return `${fields.text.slice(0, statusEnd)}${lines}${extra}\r\n`;
  return `HTTP/1.1${fields.text.slice(8, statusEnd)}${lines}${extra}\r\n`;
}

/** For a client that knows no chunks: the field goes, the end of the connection ends the body. */
export function dropTransferEncoding(head: ResponseHead): void {
  drop(head, TRANSFER_ENCODING);
}

/** The 101 for the client: it has no body (RFC 9110 15.2), whatever its fields say. */
export function switchingResponse(head: ResponseHead): string {
  drop(head, TRANSFER_ENCODING);
  drop(head, CONTENT_LENGTH);
  return forwardedResponse(head, toWebsocket);
}

function drop({ fields }: ResponseHead, kind: number): void {
  for (let i = 0; i < fields.count; i++) {
    if (fields.kinds[i] !== kind) continue;
    fields.kinds[i] = HOP;
    fields.seen |= 1 << HOP;
  }
}
