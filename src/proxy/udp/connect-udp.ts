import { FieldList } from '../http/field-list.ts';
import type { ResponseMessage } from '../http/message.ts';
import type { OutgoingRequest } from '../http/outgoing.ts';
import { HeaderList } from '../http2/header-list.ts';
import { FieldLine } from '../http2/hpack/field-line.ts';

const protocol = 'connect-udp';
const root = '/.well-known/masque/udp/';

/** Asks a server's proxy to carry datagrams to the program behind one of its ports (RFC 9298 3.4). */
export function connectUdp(address: string, port: number): OutgoingRequest {
  const host = address.includes(':') ? `[${address}]` : address;
  const path = `${root}${encodeURIComponent(address)}/${port}/`;
  const lines = [
    new FieldLine(':method', 'CONNECT'),
    new FieldLine(':protocol', protocol),
    new FieldLine(':scheme', 'https'),
    new FieldLine(':path', path),
    new FieldLine(':authority', `${host}:${port}`),
    new FieldLine('capsule-protocol', '?1'),
  ];
  return { request: new HeaderList(lines, false, false), path, query: '', requestEdits: undefined };
}

/** Whether a request asks for that. Whatever port it names, only the one that it came to is meant. */
export function isConnectUdp(head: HeaderList): boolean {
  return head.protocol === protocol && head.target.startsWith(root);
}

/** The answer of a proxy that will carry datagrams (RFC 9298 3.5). */
export const accepted: ResponseMessage = {
  status: 200,
  fields: new FieldList(['capsule-protocol', '?1']),
  contentLength: -1,
};

export function refusal(status: number): ResponseMessage {
  return { status, fields: new FieldList([]), contentLength: 0 };
}
