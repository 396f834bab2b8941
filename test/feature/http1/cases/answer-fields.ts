import { answerOk, type ResponseCase } from '../case.ts';

/** Fields (RFC 9112 5, RFC 9110 7.6.1). */
export const answerFields: readonly ResponseCase[] = [
  {
    name: 'the same name twice',
    answer: answerOk('Set-Cookie: a=1\r\nContent-Length: 0\r\nSet-Cookie: b=2'),
    ours: '200 set-cookie=a=1 set-cookie=b=2 end',
    envoy: '200 set-cookie=a=1 set-cookie=b=2 end',
  },
  {
    name: 'octets outside ASCII',
    answer: answerOk('X: \xe4\r\nContent-Length: 0'),
    ours: '200 x=\xe4 end',
    envoy: '200 x=\xe4 end',
  },
  {
    name: 'a space before the colon',
    answer: answerOk('X : a\r\nContent-Length: 0'),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'a folded line',
    answer: answerOk('X: a\r\n b\r\nContent-Length: 0'),
    ours: '502 end',
    envoy: '200 x=a b end',
  },
  { name: 'an empty name', answer: answerOk(': a\r\nContent-Length: 0'), ours: '502 end', envoy: '502 end' },
  { name: 'no colon', answer: answerOk('X\r\nContent-Length: 0'), ours: '502 end', envoy: '502 end' },
  { name: 'a name with a space', answer: answerOk('X Y: a\r\nContent-Length: 0'), ours: '502 end', envoy: '502 end' },
  { name: 'NUL in a value', answer: answerOk('X: a\0\r\nContent-Length: 0'), ours: '502 end', envoy: '502 end' },
  {
    name: 'a control character in a value',
    answer: answerOk('X: \x01\r\nContent-Length: 0'),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'a bare CR in a value',
    answer: answerOk('X: a\rY: b\r\nContent-Length: 0'),
    ours: '502 end',
    envoy: '200 x=aY: b end',
  },
  {
    name: 'a bare LF in a value',
    answer: answerOk('X: a\nY: b\r\nContent-Length: 0'),
    ours: '502 end',
    envoy: '200 x=a y=b end',
  },
  { name: 'bare LFs only', answer: 'HTTP/1.1 200 OK\nContent-Length: 0\n\n', ours: '502 end', envoy: '200 end' },
  {
    name: 'too many',
    answer: answerOk(`${'X: a\r\n'.repeat(200)}Content-Length: 0`),
    ours: '502 end',
    envoy: '502 end',
  },
  {
    name: 'too large',
    answer: answerOk(`X: ${'a'.repeat(70_000)}\r\nContent-Length: 0`),
    ours: '502 end',
    envoy: '200 x=aaaaaaaaaaaaaaaaaaaa...70000 end',
  },
  {
    name: 'close',
    answer: answerOk('Connection: close\r\nContent-Length: 2', 'ok'),
    closes: true,
    ours: '200 [ok] end',
    envoy: '200 [ok] end',
  },
  {
    name: 'fields of the hop',
    answer: answerOk('Keep-Alive: timeout=1\r\nProxy-Connection: x\r\nX: 1\r\nConnection: x\r\nContent-Length: 0'),
    ours: '200 end',
    envoy: '200 x=1 end',
  },
  {
    name: 'Upgrade without 101',
    answer: answerOk('Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 0'),
    ours: '200 end',
    envoy: '200 end',
  },
];
