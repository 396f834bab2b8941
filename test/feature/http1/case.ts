/** A raw request and what becomes of it, with ours and with the real Envoy as our adapter configures it. */
export interface RequestCase {
  readonly name: string;
  /** The octets, each one UTF-16 code unit. The closing request follows them on the same connection. */
  readonly send: string;
  /**
   * The statuses of the answers in order, until the connection is closed. `end` answers the closing request: it shows that
   * the case left the connection usable and that both sides agree where the case ended. Empty: closed without an answer.
   */
  readonly ours: string;
  /** Instead of `ours` where the server has a sidecar, too, whose limits count what stands between them: nothing reaches it. */
  readonly oursTwice?: string;
  /** The complete requests that the server gets; nothing when absent. */
  readonly reaches?: typeof asSent | string | readonly string[];
  /**
   * `ours` for Envoy, then each complete request in one line: ` <- METHOD TARGET name=value [body] {trailers}`. `waits`:
   * Envoy passes on what it has and waits for more.
   */
  readonly envoy: string;
}

/** A raw answer of a server and what the client gets of it. */
export interface ResponseCase {
  readonly name: string;
  /** What the server sends when it has the whole request. */
  readonly answer: string;
  /** The server closes behind it. */
  readonly closes?: true;
  /** GET by default. */
  readonly method?: string;
  /** HTTP/1.1 by default. */
  readonly version?: string;
  /**
   * Each answer until the connection is closed: `STATUS name=value [body] {trailers}`, ` cut` where its end is missing, then
   * `end` as for requests.
   */
  readonly ours: string;
  readonly envoy: string;
}

/** The server gets the request as it was sent, chunk framing aside. */
export const asSent = Symbol('as sent');

const host = 'Host: legacy';

/** A request without body; fields are lines joined with CR LF. */
export function get(fields = '', target = '/'): string {
  return `GET ${target} HTTP/1.1\r\n${host}\r\n${fields === '' ? '' : `${fields}\r\n`}\r\n`;
}

export function post(fields: string, body = ''): string {
  return `POST / HTTP/1.1\r\n${host}\r\n${fields}\r\n\r\n${body}`;
}

/** A request whose body is these octets of the chunked coding. */
export function chunked(body: string): string {
  return post('Transfer-Encoding: chunked', body);
}

/** A request line of one's own. */
export function line(text: string, fields = host): string {
  return `${text}\r\n${fields === '' ? '' : `${fields}\r\n`}\r\n`;
}

/** What must never be seen as a request where it is part of another one. */
export const smuggled = get('', '/smuggled');

/** An answer with the status 200. */
export function answerOk(fields: string, body = ''): string {
  return `HTTP/1.1 200 OK\r\n${fields === '' ? '' : `${fields}\r\n`}\r\n${body}`;
}
