import type { ResponseCase } from '../case.ts';

const status = (text: string) => `${text}\r\nContent-Length: 2\r\n\r\nok`;

/** Status lines (RFC 9112 4). */
export const statusLines: readonly ResponseCase[] = [
  { name: 'an ordinary one', answer: status('HTTP/1.1 200 OK'), ours: '200 [ok] end', envoy: '200 [ok] end' },
  { name: 'no reason', answer: status('HTTP/1.1 200 '), ours: '200 [ok] end', envoy: '200 [ok] end' },
  { name: 'no reason and no space', answer: status('HTTP/1.1 200'), ours: '200 [ok] end', envoy: '200 [ok] end' },
  { name: 'a reason outside ASCII', answer: status('HTTP/1.1 200 \xd6K'), ours: '200 [ok] end', envoy: '200 [ok] end' },
  { name: 'HTTP/1.0', answer: status('HTTP/1.0 200 OK'), ours: '200 [ok] end', envoy: '200 [ok] end' },
  {
    name: 'an unknown status',
    answer: status('HTTP/1.1 299 End').replace('299', '298'),
    ours: '298 [ok] end',
    envoy: '298 [ok] end',
  },
  { name: 'the status 600', answer: status('HTTP/1.1 600 No'), ours: '502 end', envoy: '600 [ok] end' },
  { name: 'the status 099', answer: status('HTTP/1.1 099 No'), ours: '502 end', envoy: '502 end' },
  { name: 'the status 000', answer: status('HTTP/1.1 000 No'), ours: '502 end', envoy: '502 end' },
  { name: 'two digits', answer: status('HTTP/1.1 20 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'four digits', answer: status('HTTP/1.1 2000 OK'), ours: '502 end', envoy: 'garbage' },
  { name: 'a sign', answer: status('HTTP/1.1 +20 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'a letter', answer: status('HTTP/1.1 2x0 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'two spaces', answer: status('HTTP/1.1  200 OK'), ours: '502 end', envoy: '200 [ok] end' },
  { name: 'a tab', answer: status('HTTP/1.1\t200 OK'), ours: '502 end', envoy: '200 [ok] end' },
  { name: 'a tab behind the status', answer: status('HTTP/1.1 200\tOK'), ours: '502 end', envoy: '200 [ok] end' },
  { name: 'no space', answer: status('HTTP/1.1200 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'HTTP/1.2', answer: status('HTTP/1.2 200 OK'), ours: '502 end', envoy: '200 [ok] end' },
  { name: 'HTTP/2', answer: status('HTTP/2 200 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'http/1.1', answer: status('http/1.1 200 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'ICY', answer: status('ICY 200 OK'), ours: '502 end', envoy: '502 end' },
  { name: 'an empty line first', answer: `\r\n${status('HTTP/1.1 200 OK')}`, ours: '502 end', envoy: '502 end' },
  { name: 'a space first', answer: ` ${status('HTTP/1.1 200 OK')}`, ours: '502 end', envoy: '502 end' },
  {
    name: 'a control character in the reason',
    answer: status('HTTP/1.1 200 O\x01K'),
    ours: '502 end',
    envoy: '502 end',
  },
  { name: 'a bare CR in the reason', answer: status('HTTP/1.1 200 O\rK'), ours: '502 end', envoy: '200 [ok] end' },
  {
    name: 'a bare LF behind the reason',
    answer: 'HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok',
    ours: '502 end',
    envoy: '200 [ok] end',
  },
  { name: 'a request', answer: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', ours: '502 end', envoy: '502 end' },
  { name: 'text', answer: 'hello\r\n\r\n', ours: '502 end', envoy: '502 end' },
  {
    name: 'nothing, and the end',
    answer: '',
    closes: true,
    ours: '502 end',
    envoy: '503 [upstream connect err...118] end',
  },
  {
    name: 'half a head, and the end',
    answer: 'HTTP/1.1 200 OK\r\nContent-',
    closes: true,
    ours: '502 end',
    envoy: '502 end',
  },
];
