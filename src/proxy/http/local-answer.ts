import type { HeaderEdits } from './header-edits.ts';
import { reasonOf } from './reasons.ts';

const bodies: Readonly<Record<number, string>> = {
  400: 'bad request\n',
  403: 'access denied\n',
  404: 'unknown host\n',
  408: 'request timeout\n',
  502: 'bad answer from the server\n',
  503: 'service unavailable\n',
  504: 'no answer from the server\n',
};

/** What an answer of the proxy's own says: what happened, and nothing about policy. */
export function localBody(status: number): string {
  return bodies[status] ?? `${reasonOf(status).toLowerCase()}\n`;
}

/** A whole answer in HTTP/1.1. */
export function localAnswer(
  status: number,
  method: string,
  close: boolean,
  http11: boolean,
  edits: HeaderEdits | undefined,
): string {
  // RFC 9110 15.3.5 and 15.4.5.
  const bodiless = status === 204 || status === 304;
  const body = bodiless ? '' : localBody(status);
  let text = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
  if (!bodiless) text += `content-type: text/plain\r\ncontent-length: ${body.length}\r\n`;
  edits?.each((name, value) => {
    text += `${name}: ${value}\r\n`;
  });
  if (close) text += 'connection: close\r\n';
  else if (!http11) text += 'connection: keep-alive\r\n';
  return `${text}\r\n${method === 'HEAD' ? '' : body}`;
}
