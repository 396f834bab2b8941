import { answerOk, type ResponseCase } from '../case.ts';

const chunks = (body: string) => answerOk('Transfer-Encoding: chunked', body);
const last = '0\r\n\r\n';
/** What must never be taken for the answer to another request. */
const evil = answerOk('Content-Length: 4', 'evil');

/** Lengths and codings (RFC 9112 6.3). */
export const answerFraming: readonly ResponseCase[] = [
  { name: 'chunks', answer: chunks(`5\r\nhello\r\n${last}`), ours: '200 [hello] end', envoy: '200 [hello] end' },
  {
    name: 'the end of the connection',
    answer: answerOk('', 'hello'),
    closes: true,
    ours: '200 [hello] end',
    envoy: '200 [hello] end',
  },
  { name: 'nothing but a length of zero', answer: answerOk('Content-Length: 0'), ours: '200 end', envoy: '200 end' },
  {
    name: 'a chunk extension',
    answer: chunks(`5;a=b\r\nhello\r\n${last}`),
    ours: '200 [hello] end',
    envoy: '200 [hello] end',
  },
  {
    name: 'trailers',
    answer: chunks('5\r\nhello\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n'),
    ours: '200 [hello] {x-t: 1, x-u: 2} end',
    envoy: '200 [hello] end',
  },
  {
    name: 'a trailer that frames',
    answer: chunks('5\r\nhello\r\n0\r\nContent-Length: 5\r\n\r\n'),
    ours: '502 end',
    envoy: '200 [hello] end',
  },
  {
    name: 'a malformed trailer',
    answer: chunks('5\r\nhello\r\n0\r\nX T: 1\r\n\r\n'),
    ours: '502 end',
    envoy: '200 cut',
  },
  {
    name: 'both lengths',
    answer: answerOk('Content-Length: 5\r\nTransfer-Encoding: chunked', last),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'both lengths in the other order',
    answer: answerOk('Transfer-Encoding: chunked\r\nContent-Length: 5', last),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'two equal lengths',
    answer: answerOk('Content-Length: 5\r\nContent-Length: 5', 'hello'),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'two different lengths',
    answer: answerOk('Content-Length: 5\r\nContent-Length: 6', 'hello!'),
    ours: '502 end',
    envoy: '502 end',
  },
  { name: 'a list of lengths', answer: answerOk('Content-Length: 5, 5', 'hello'), ours: '502 end', envoy: '502 end' },
  { name: 'a sign', answer: answerOk('Content-Length: +5', 'hello'), ours: '502 end', envoy: '502 end' },
  {
    name: 'a negative length',
    answer: answerOk('Content-Length: -1', 'hello'),
    closes: true,
    ours: '502 end',
    envoy: '502 end',
  },
  { name: 'a hexadecimal length', answer: answerOk('Content-Length: 0x5', 'hello'), ours: '502 end', envoy: '502 end' },
  {
    name: 'an empty length',
    answer: answerOk('Content-Length:', 'hello'),
    closes: true,
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'a length beyond 2^64',
    answer: answerOk('Content-Length: 18446744073709551621', 'hello'),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'gzip, chunked',
    answer: answerOk('Transfer-Encoding: gzip, chunked', last),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'identity',
    answer: answerOk('Transfer-Encoding: identity', 'hello'),
    closes: true,
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'xchunked',
    answer: answerOk('Transfer-Encoding: xchunked', last),
    closes: true,
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'chunked twice',
    answer: answerOk('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', last),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'chunks in HTTP/1.0',
    answer: `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${last}`,
    ours: '502 end',
    envoy: '200 end',
  },
  {
    name: 'Connection nominates the length',
    answer: answerOk('Content-Length: 5\r\nConnection: content-length', 'hello'),
    ours: '502 end',
    envoy: '200 [hello] end',
  },
  { name: 'a size that is none', answer: chunks('xyz\r\nhello\r\n'), ours: '502 end', envoy: '200 cut' },
  {
    name: 'a size beyond 2^64',
    answer: chunks(`10000000000000005\r\nhello\r\n${last}`),
    ours: '502 end',
    envoy: '200 cut',
  },
  {
    name: 'a space behind the size',
    answer: chunks(`5 \r\nhello\r\n${last}`),
    ours: '502 end',
    envoy: '200 [hello] end',
  },
  { name: 'a bare LF behind the size', answer: chunks(`5\nhello\r\n${last}`), ours: '502 end', envoy: '200 cut' },
  {
    name: 'less than the length',
    answer: answerOk('Content-Length: 50', 'hello'),
    closes: true,
    ours: '200 cut',
    envoy: '200 cut',
  },
  { name: 'a chunk that is cut', answer: chunks('5\r\nhel'), closes: true, ours: '200 cut', envoy: '200 cut' },
  {
    name: 'chunks without the last',
    answer: chunks('5\r\nhello\r\n'),
    closes: true,
    ours: '200 cut',
    envoy: '200 cut',
  },
  {
    name: 'another answer behind the length',
    answer: answerOk('Content-Length: 5', `hello${evil}`),
    ours: '200 [hello] end',
    envoy: '200 [hello] end',
  },
  {
    name: 'another answer behind the last chunk',
    answer: chunks(`5\r\nhello\r\n${last}${evil}`),
    ours: '200 [hello] end',
    envoy: '200 [hello] end',
  },
  {
    name: 'another answer behind no body',
    answer: answerOk('Content-Length: 0', evil),
    ours: '200 end',
    envoy: '200 end',
  },
];
