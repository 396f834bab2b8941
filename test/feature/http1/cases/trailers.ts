import { asSent, chunked, post, type RequestCase, smuggled } from '../case.ts';

const trailing = (lines: string) => chunked(`3\r\nabc\r\n0\r\n${lines}\r\n\r\n`);

/** Trailer fields (RFC 9110 6.5, RFC 9112 7.1.2): kept, unless they could frame, address or authorise. */
export const trailers: readonly RequestCase[] = [
  { name: 'one', send: trailing('X-T: 1'), ours: '200 end', reaches: asSent, envoy: '200 end <- POST / [abc]' },
  {
    name: 'two',
    send: trailing('X-T: 1\r\nX-U: 2'),
    ours: '200 end',
    reaches: asSent,
    envoy: '200 end <- POST / [abc]',
  },
  {
    name: 'the same twice',
    send: trailing('X-T: 1\r\nX-T: 2'),
    ours: '200 end',
    reaches: asSent,
    envoy: '200 end <- POST / [abc]',
  },
  {
    name: 'an empty value',
    send: trailing('X-T:'),
    ours: '200 end',
    reaches: asSent,
    envoy: '200 end <- POST / [abc]',
  },
  {
    name: 'announced',
    send: post('Trailer: X-T\r\nTransfer-Encoding: chunked', '0\r\nX-T: 1\r\n\r\n'),
    ours: '200 end',
    reaches: asSent,
    envoy: '200 end <- POST / trailer=X-T',
  },
  {
    name: 'octets outside ASCII',
    send: trailing('X-T: \xe4'),
    ours: '200 end',
    reaches: asSent,
    envoy: '200 end <- POST / [abc]',
  },
  {
    name: 'Transfer-Encoding',
    send: trailing('Transfer-Encoding: chunked'),
    ours: '400',
    envoy: '200 end <- POST / [abc]',
  },
  {
    name: 'Content-Length',
    send: trailing(`Content-Length: ${smuggled.length}`) + smuggled,
    ours: '400',
    envoy: '200 200 end <- POST / [abc] <- GET /smuggled',
  },
  {
    name: 'content-length in lower case',
    send: trailing('content-length: 3'),
    ours: '400',
    envoy: '200 end <- POST / [abc]',
  },
  { name: 'Host', send: trailing('Host: other'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'Authorization', send: trailing('Authorization: Bearer x'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'Connection', send: trailing('Connection: close'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'Cookie', send: trailing('Cookie: a=b'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'Content-Type', send: trailing('Content-Type: text/plain'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'Trailer', send: trailing('Trailer: x'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'TE', send: trailing('TE: trailers'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'Upgrade', send: trailing('Upgrade: websocket'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'a folded line', send: trailing('X-T: 1\r\n 2'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'a space before the colon', send: trailing('X-T : 1'), ours: '400', envoy: '400' },
  { name: 'an empty name', send: trailing(': 1'), ours: '400', envoy: '400' },
  { name: 'no colon', send: trailing('X-T'), ours: '400', envoy: '400' },
  { name: 'a bare LF', send: trailing('X-T: 1\nX-U: 2'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'a bare CR', send: trailing('X-T: 1\rX-U: 2'), ours: '400', envoy: '200 end <- POST / [abc]' },
  { name: 'a NUL', send: trailing('X-T: \0'), ours: '400', envoy: '400' },
  { name: 'a control character', send: trailing('X-T: \x01'), ours: '400', envoy: '400' },
  { name: 'a name outside ASCII', send: trailing('X-\xe4: 1'), ours: '400', envoy: '400' },
  {
    name: 'more bytes than the limit',
    send: trailing(`X-T: ${'a'.repeat(9_000)}`),
    ours: '400',
    envoy: '200 end <- POST / [abc]',
  },
];
