import { describe, expect, test } from 'vitest';
import { RequestHead } from '../../../../src/proxy/codec/request-head.ts';

const parse = (text: string) => {
  const head = new RequestHead();
  return { head, fault: head.parse(text, text.length) };
};
const withFields = (fields: string) => parse(`GET / HTTP/1.1\r\nHost: a\r\n${fields}\r\n`);

describe('request heads', () => {
  test.each([
    ['two lengths of different kinds', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', 'both-lengths'],
    ['the same in the other order', 'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', 'both-lengths'],
    ['two equal lengths', 'Content-Length: 3\r\nContent-Length: 3\r\n', 'repeated-length'],
    ['a list of lengths', 'Content-Length: 3, 3\r\n', 'bad-length'],
    ['a signed length', 'Content-Length: +3\r\n', 'bad-length'],
    ['a hexadecimal length', 'Content-Length: 0x3\r\n', 'bad-length'],
    ['an empty length', 'Content-Length: \r\n', 'bad-length'],
    ['a length beyond 15 digits', 'Content-Length: 1234567890123456\r\n', 'bad-length'],
    ['a coding other than chunked', 'Transfer-Encoding: gzip, chunked\r\n', 'bad-transfer-coding'],
    ['identity as a coding', 'Transfer-Encoding: identity\r\n', 'bad-transfer-coding'],
    ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', 'bad-transfer-coding'],
    ['chunked with a vertical tab', 'Transfer-Encoding: \x0bchunked\r\n', 'bad-field-value'],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n', 'space-before-colon'],
    ['a folded line', 'X: a\r\n b\r\n', 'obsolete-folding'],
    ['a bare LF', 'X: a\nY: b\r\n', 'bare-cr-or-lf'],
    ['a bare CR', 'X: a\rY: b\r\n', 'bare-cr-or-lf'],
    ['a NUL in a value', 'X: a\0b\r\n', 'bad-field-value'],
    ['a DEL in a value', 'X: a\x7fb\r\n', 'bad-field-value'],
    ['a name with a bracket', 'X(: a\r\n', 'bad-field-name'],
    ['a name outside ASCII', 'X\xe4: a\r\n', 'bad-field-name'],
    ['an empty name', ': a\r\n', 'bad-field-name'],
    ['a line without a colon', 'nonsense\r\n', 'bare-cr-or-lf'],
    ['a second Host', 'host: b\r\n', 'repeated-host'],
    ['a second equal Host', 'HOST: a\r\n', 'repeated-host'],
    ['Connection that names Host', 'Connection: host\r\n', 'bad-connection'],
    ['Connection that names a length', 'Content-Length: 1\r\nConnection: content-length\r\n', 'bad-connection'],
    ['an unknown expectation', 'Expect: miracles\r\n', 'bad-expectation'],
    ['too many fields', 'X: 1\r\n'.repeat(200), 'too-many-fields'],
  ])('%s are refused', (_name, fields, fault) => {
    expect(withFields(fields).fault).toBe(fault);
  });

  test.each([
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 'missing-host'],
    ['a space in the Host', 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n', 'bad-host'],
    ['a slash in the Host', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'bad-host'],
    ['user information in the Host', 'GET / HTTP/1.1\r\nHost: b@a\r\n\r\n', 'bad-host'],
    ['two spaces', 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['a tab', 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['no version', 'GET /\r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['a trailing space', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['an empty line first', '\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['another protocol', 'GET / ICY/1.1\r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\n', 'bad-version'],
    ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 'bad-version'],
    ['a lower-case protocol', 'GET / http/1.1\r\nHost: a\r\n\r\n', 'bad-request-line'],
    ['chunks in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n', 'bad-transfer-coding'],
    ['a long target', `GET /${'a'.repeat(9000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 'uri-too-long'],
    ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 'connect'],
    ['a long method', `${'A'.repeat(40)} / HTTP/1.1\r\nHost: a\r\n\r\n`, 'bad-request-line'],
  ])('%s is refused', (_name, text, fault) => {
    expect(parse(text).fault).toBe(fault);
  });

  test('an ordinary request is read', () => {
    const { head, fault } = parse('POST /a?b=%zz HTTP/1.1\r\nHost: a:80\r\nContent-Length: 12\r\nX: \t v \t\r\n\r\n');
    expect(fault).toBeUndefined();
    expect(head).toMatchObject({ method: 'POST', target: '/a?b=%zz', plainPath: true, host: 'a:80', persistent: true });
    expect(head.framing).toMatchObject({ contentLength: 12, chunked: false });
    expect(head.fields.lookup('x')).toBe('v');
    expect(head.fields.lookup('absent')).toBeUndefined();
  });

  test.each([
    '/a//b',
    '/a/./b',
    '/a/../b',
    '/.',
    '/a%41',
    '/a\\b',
    '/a#b',
    '/a?b#c',
    '*',
    'http://a/',
    '/a"b',
    '/a/..;/b',
  ])('the target %s is not taken for a normal path at a glance', (target) => {
    expect(parse(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`).head.plainPath).toBe(false);
  });

  test('values of a repeated field are joined, and what Connection names is not seen', () => {
    const { head } = withFields('X: 1\r\nx: 2\r\nY: 3\r\nConnection: close, y\r\n');
    expect(head.fields.lookup('x')).toBe('1,2');
    expect(head.fields.lookup('y')).toBeUndefined();
    expect(head.persistent).toBe(false);
  });

  test('HTTP/1.0 closes unless it asks not to', () => {
    expect(parse('GET / HTTP/1.0\r\nHost: a\r\n\r\n').head.persistent).toBe(false);
    expect(parse('GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n').head.persistent).toBe(true);
  });
});
