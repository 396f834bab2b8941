import { answerOk, type ResponseCase } from '../case.ts';

const chunks = (body: string) => answerOk('Transfer-Encoding: chunked', body);
const last = '0\r\n\r\n';
/** What must never be taken for the answer to another request. */
const evil = answerOk('Content-Length: 4', 'evil');

/** Answers that have no body, and interim ones (RFC 9110 15.2, 9.3.2). */
export const bodilessAnswers: readonly ResponseCase[] = [
  { name: '204', answer: 'HTTP/1.1 204 No\r\n\r\n', ours: '204 end', envoy: '204 end' },
  {
    name: '204 with a length',
    answer: 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n',
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: '204 with a length of zero',
    answer: 'HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n',
    ours: '204 end',
    envoy: '204 end',
  },
  {
    name: '204 with a body',
    answer: 'HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello',
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: '204 with chunks',
    answer: `HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n${last}`,
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: '304 with a length',
    answer: 'HTTP/1.1 304 No\r\nContent-Length: 5\r\nETag: "a"\r\n\r\n',
    ours: '304 etag="a" end',
    envoy: '304 etag="a" end',
  },
  {
    name: '304 with a body',
    answer: 'HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\nhello',
    ours: '304 end',
    envoy: '304 end',
  },
  {
    name: '304 with an answer behind it',
    answer: `HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n${evil}`,
    ours: '304 end',
    envoy: '304 end',
  },
  { name: 'HEAD', method: 'HEAD', answer: answerOk('Content-Length: 5'), ours: '200 end', envoy: '200 end' },
  {
    name: 'HEAD and chunks',
    method: 'HEAD',
    answer: answerOk('Transfer-Encoding: chunked'),
    ours: '200 end',
    envoy: '200 end',
  },
  {
    name: 'HEAD and a body',
    method: 'HEAD',
    answer: answerOk('Content-Length: 5', 'hello'),
    ours: '200 end',
    envoy: '200 end',
  },
  {
    name: 'HEAD and an answer behind it',
    method: 'HEAD',
    answer: answerOk(`Content-Length: ${evil.length}`, evil),
    ours: '200 end',
    envoy: '200 end',
  },
  {
    name: '100 and an answer',
    answer: `HTTP/1.1 100 Continue\r\n\r\n${answerOk('Content-Length: 0')}`,
    ours: '100 200 end',
    envoy: '200 end',
  },
  {
    name: '103 with fields and an answer',
    answer: `HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n${answerOk('Content-Length: 0')}`,
    ours: '103 link=</a> 200 end',
    envoy: '200 end',
  },
  {
    name: 'an unknown interim answer',
    answer: `HTTP/1.1 199 Hm\r\n\r\n${answerOk('Content-Length: 0')}`,
    ours: '199 200 end',
    envoy: '200 end',
  },
  {
    name: '102 to HTTP/1.0',
    version: 'HTTP/1.0',
    answer: `HTTP/1.1 102 Processing\r\n\r\n${answerOk('Content-Length: 0')}`,
    ours: '200',
    envoy: '200',
  },
  {
    name: '100 with a length',
    answer: `HTTP/1.1 100 Continue\r\nContent-Length: 4\r\n\r\n${answerOk('Content-Length: 0')}`,
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: '100 with both lengths',
    answer: `HTTP/1.1 100 Continue\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${answerOk('Content-Length: 0')}`,
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'sixteen interim answers',
    answer: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(16) + answerOk('Content-Length: 0'),
    ours: `${'102 '.repeat(16)}200 end`,
    envoy: '200 end',
  },
  {
    name: 'a flood of interim answers',
    // It is not tried again.
    method: 'POST',
    answer: 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(1_000) + answerOk('Content-Length: 0'),
    ours: `${'102 '.repeat(16)}502 end`,
    envoy: '200 end',
  },
  {
    name: '101 that nobody asked for',
    answer: 'HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    ours: '502 end',
    envoy: '101 [HTTP/1.1 299 Unknown...99]',
  },
  {
    name: '101 and bytes behind it',
    answer: `HTTP/1.1 101 Switching\r\n\r\n${evil}`,
    ours: '502 end',
    envoy: '101 [HTTP/1.1 299 Unknown...99]',
  },
  {
    name: 'chunks to HTTP/1.0',
    version: 'HTTP/1.0',
    answer: chunks(`5\r\nhello\r\n${last}`),
    ours: '200 [hello]',
    envoy: '200 [hello]',
  },
  {
    name: 'trailers to HTTP/1.0',
    version: 'HTTP/1.0',
    answer: chunks('5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n'),
    ours: '200 [hello]',
    envoy: '200 [hello]',
  },
];
