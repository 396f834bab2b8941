import type { FieldList, StreamRequest } from '../frames.ts';

/** A request in HTTP/2 to a server of HTTP/1.1. */
export interface DowngradeCase extends StreamRequest {
  readonly name: string;
  /** As `outcomeOf` says, then each complete request that the server gets: ` <- METHOD TARGET name=value [body] {trailers}`. */
  readonly ours: string;
  readonly envoy: string;
}

const refused = 'reset 1 end';
/** Envoy closes the connection. */
export const closed = '';

interface Pseudo {
  readonly method?: string;
  readonly scheme?: string;
  readonly path?: string;
  readonly authority?: string;
}

function head({ method = 'GET', scheme = 'http', path = '/', authority = 'legacy' }: Pseudo = {}): FieldList {
  return [
    [':method', method],
    [':scheme', scheme],
    [':path', path],
    [':authority', authority],
  ];
}

const withField = (name: string, value: string): FieldList => [...head(), [name, value]];
const posted = (...fields: FieldList): FieldList => [...head({ method: 'POST' }), ...fields];
const smuggled = 'x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: legacy\r\n\r\n';
const without = (name: string): FieldList => head().filter(([key]) => key !== name);
const ended = (...trailers: FieldList) => ({ fields: posted(), body: 'abc', trailers });

export const downgrades: readonly DowngradeCase[] = [
  { name: 'an ordinary one', fields: head(), ours: 'answered end <- GET /', envoy: 'answered end <- GET /' },
  {
    name: 'a body',
    fields: posted(),
    body: 'abc',
    ours: 'answered end <- POST / [abc]',
    envoy: 'answered end <- POST / [abc]',
  },
  {
    name: 'a body with its length',
    fields: posted(['content-length', '3']),
    body: 'abc',
    ours: 'answered end <- POST / [abc]',
    envoy: 'answered end <- POST / [abc]',
  },
  {
    name: 'a body that looks like a request',
    fields: posted(),
    body: smuggled,
    ours: `answered end <- POST / [${smuggled}]`,
    envoy: 'answered end <- POST / [x\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: legacy\r\n\r\n]',
  },
  {
    name: 'trailers',
    ...ended(['x-t', '1']),
    ours: 'answered end <- POST / [abc] {x-t: 1}',
    envoy: 'answered end <- POST / [abc]',
  },
  {
    name: 'cookies apart',
    fields: [...head(), ['cookie', 'a=1'], ['cookie', 'b=2']],
    ours: 'answered end <- GET / cookie=a=1; b=2',
    envoy: 'answered end <- GET / cookie=a=1; b=2',
  },
  {
    name: 'octets outside ASCII in a value',
    fields: withField('x', '\xe4'),
    ours: 'answered end <- GET / x=\xe4',
    envoy: 'answered end <- GET / x=\xe4',
  },
  { name: 'a name in upper case', fields: withField('X', 'a'), ours: refused, envoy: closed },
  { name: 'a name with a space', fields: withField('x y', 'a'), ours: refused, envoy: closed },
  { name: 'a name with a colon', fields: withField('x:y', 'a'), ours: refused, envoy: closed },
  { name: 'an empty name', fields: withField('', 'a'), ours: refused, envoy: closed },
  { name: 'a name with NUL', fields: withField('x\0', 'a'), ours: refused, envoy: closed },
  { name: 'a name with CR LF', fields: withField('x: a\r\nsmuggled', 'b'), ours: refused, envoy: closed },
  { name: 'a name outside ASCII', fields: withField('x\xe4', 'a'), ours: refused, envoy: closed },
  { name: 'a value with CR LF', fields: withField('x', 'a\r\nsmuggled: b'), ours: refused, envoy: closed },
  { name: 'a value with a request', fields: withField('x', smuggled), ours: refused, envoy: closed },
  { name: 'a value with LF', fields: withField('x', 'a\nsmuggled: b'), ours: refused, envoy: closed },
  { name: 'a value with CR', fields: withField('x', 'a\rb'), ours: refused, envoy: closed },
  { name: 'a value with NUL', fields: withField('x', 'a\0b'), ours: refused, envoy: closed },
  { name: 'a value with a control character', fields: withField('x', 'a\x01b'), ours: refused, envoy: closed },
  { name: 'a value with DEL', fields: withField('x', 'a\x7fb'), ours: refused, envoy: closed },
  { name: 'a space before a value', fields: withField('x', ' a'), ours: refused, envoy: 'answered end <- GET / x=a' },
  { name: 'a tab behind a value', fields: withField('x', 'a\t'), ours: refused, envoy: 'answered end <- GET / x=a' },
  { name: ':path twice', fields: [...head(), [':path', '/2']], ours: refused, envoy: closed },
  { name: 'no :path', fields: without(':path'), ours: refused, envoy: closed },
  { name: 'an empty :path', fields: head({ path: '' }), ours: refused, envoy: closed },
  {
    name: 'a :path with a version and a request',
    fields: head({ path: `/ HTTP/1.1\r\nHost: legacy\r\n\r\nGET /smuggled` }),
    ours: refused,
    envoy: closed,
  },
  { name: 'a :path with a space', fields: head({ path: '/a b' }), ours: refused, envoy: closed },
  {
    name: 'a :path with octets outside ASCII',
    fields: head({ path: '/\xe4' }),
    ours: 'answered end',
    envoy: 'answered end <- GET /%E4',
  },
  {
    name: 'a :path with an escaped slash',
    fields: head({ path: '/a%2fb' }),
    ours: 'answered end',
    envoy: 'answered end',
  },
  {
    name: 'a :path that climbs',
    fields: head({ path: '/a/../b' }),
    ours: 'answered end <- GET /b',
    envoy: 'answered end <- GET /b',
  },
  { name: 'an absolute :path', fields: head({ path: 'http://database/' }), ours: refused, envoy: closed },
  { name: 'the asterisk with GET', fields: head({ path: '*' }), ours: refused, envoy: closed },
  { name: 'no :method', fields: without(':method'), ours: refused, envoy: closed },
  {
    name: 'a :method with a request line',
    fields: head({ method: 'GET /smuggled HTTP/1.1\r\nX:' }),
    ours: refused,
    envoy: closed,
  },
  { name: 'a :method with a space', fields: head({ method: 'GET /smuggled' }), ours: refused, envoy: closed },
  { name: 'an empty :method', fields: head({ method: '' }), ours: refused, envoy: closed },
  { name: 'no :scheme', fields: without(':scheme'), ours: refused, envoy: closed },
  { name: 'a :scheme with CR LF', fields: head({ scheme: 'http\r\nX: a' }), ours: refused, envoy: closed },
  { name: 'an unknown pseudo field', fields: [...head(), [':host', 'legacy']], ours: refused, envoy: closed },
  { name: ':status', fields: [...head(), [':status', '200']], ours: refused, envoy: closed },
  {
    name: 'a pseudo field behind another field',
    fields: [...without(':path'), ['x', 'a'], [':path', '/']],
    ours: refused,
    envoy: closed,
  },
  { name: 'no authority', fields: without(':authority'), ours: 'answered end', envoy: closed },
  {
    name: 'Host instead of :authority',
    fields: [...without(':authority'), ['host', 'legacy']],
    ours: 'answered end <- GET /',
    envoy: 'answered end <- GET /',
  },
  {
    name: 'Host beside :authority',
    fields: withField('host', 'legacy'),
    ours: 'answered end <- GET /',
    envoy: 'answered end <- GET /',
  },
  {
    name: 'another Host beside :authority',
    fields: withField('host', 'database'),
    ours: refused,
    envoy: 'answered end <- GET /',
  },
  {
    name: 'two Host fields',
    fields: [...without(':authority'), ['host', 'legacy'], ['host', 'database']],
    ours: refused,
    envoy: closed,
  },
  { name: ':authority twice', fields: [...head(), [':authority', 'database']], ours: refused, envoy: closed },
  { name: 'an unknown :authority', fields: head({ authority: 'nobody' }), ours: 'answered end', envoy: 'answered end' },
  { name: ':authority with CR LF', fields: head({ authority: 'legacy\r\nX: a' }), ours: refused, envoy: closed },
  { name: ':authority with user information', fields: head({ authority: 'a@legacy' }), ours: refused, envoy: closed },
  { name: ':authority with a path', fields: head({ authority: 'legacy/x' }), ours: refused, envoy: closed },
  { name: 'Connection', fields: withField('connection', 'close'), ours: refused, envoy: closed },
  {
    name: 'Transfer-Encoding',
    fields: posted(['transfer-encoding', 'chunked']),
    body: `0\r\n\r\n${smuggled}`,
    ours: refused,
    envoy: closed,
  },
  { name: 'Keep-Alive', fields: withField('keep-alive', 'timeout=5'), ours: refused, envoy: closed },
  { name: 'Proxy-Connection', fields: withField('proxy-connection', 'close'), ours: refused, envoy: closed },
  { name: 'Upgrade', fields: withField('upgrade', 'websocket'), ours: refused, envoy: closed },
  {
    name: 'TE: trailers',
    fields: withField('te', 'trailers'),
    ours: 'answered end <- GET /',
    envoy: 'answered end <- GET / te=trailers',
  },
  { name: 'TE: gzip', fields: withField('te', 'gzip'), ours: refused, envoy: closed },
  { name: 'a length without body', fields: posted(['content-length', '3']), ours: refused, envoy: closed },
  {
    name: 'a length shorter than the body',
    fields: posted(['content-length', '1']),
    body: smuggled,
    ours: refused,
    envoy: 'reset 1 end',
  },
  {
    name: 'a length longer than the body',
    fields: posted(['content-length', '5']),
    body: 'abc',
    ours: refused,
    envoy: 'reset 1 end',
  },
  {
    name: 'a length of zero with a body, which goes nowhere',
    fields: posted(['content-length', '0']),
    body: smuggled,
    ours: `${refused} <- POST /`,
    envoy: 'reset 1 end <- POST /',
  },
  {
    name: 'two different lengths',
    fields: posted(['content-length', '3'], ['content-length', '4']),
    body: 'abc',
    ours: refused,
    envoy: closed,
  },
  {
    name: 'two equal lengths',
    fields: posted(['content-length', '3'], ['content-length', '3']),
    body: 'abc',
    ours: refused,
    envoy: closed,
  },
  { name: 'a length with a sign', fields: posted(['content-length', '+3']), body: 'abc', ours: refused, envoy: closed },
  { name: 'a list of lengths', fields: posted(['content-length', '3, 3']), body: 'abc', ours: refused, envoy: closed },
  {
    name: 'Content-Length as a trailer',
    ...ended(['content-length', '3']),
    ours: refused,
    envoy: 'answered end <- POST / [abc]',
  },
  { name: 'Transfer-Encoding as a trailer', ...ended(['transfer-encoding', 'chunked']), ours: refused, envoy: closed },
  { name: 'Host as a trailer', ...ended(['host', 'database']), ours: refused, envoy: 'answered end <- POST / [abc]' },
  { name: 'a pseudo field as a trailer', ...ended([':path', '/smuggled']), ours: refused, envoy: closed },
  { name: 'a trailer with CR LF', ...ended(['x-t', smuggled]), ours: refused, envoy: closed },
  { name: 'a trailer in upper case', ...ended(['X-T', '1']), ours: refused, envoy: closed },
  { name: 'trailers that do not end', ...ended(['x-t', '1']), open: true, ours: refused, envoy: closed },
  {
    name: 'CONNECT',
    fields: [
      [':method', 'CONNECT'],
      [':authority', 'legacy:80'],
    ],
    ours: 'answered end',
    envoy: 'answered end',
  },
  { name: 'CONNECT with a path', fields: head({ method: 'CONNECT' }), ours: refused, envoy: closed },
  {
    name: 'websocket, which is not offered',
    fields: [...head({ method: 'CONNECT' }), [':protocol', 'websocket']],
    ours: refused,
    envoy: closed,
  },
  {
    name: 'connect-udp, which is not offered',
    fields: [...head({ method: 'CONNECT' }), [':protocol', 'connect-udp']],
    ours: refused,
    envoy: closed,
  },
];
